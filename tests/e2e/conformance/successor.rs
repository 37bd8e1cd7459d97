//! A server that takes another's place: what its clients know of the one before is either still true or
//! said to be too old, never taken for something else.

use serde_json::{Value, json};

use crate::binaries;
use crate::conformance::{WORKSPACES, server};
use crate::env::Env;
use crate::fixture::{VIEWS, block_on};
use crate::tmc::SERVER_NAME;
use crate::wait::{seconds, until};
use crate::wire::Server;

/// The status code and the body, which for a watch is its first frame.
fn get(server: &Server, tail: &str) -> (u16, Value) {
    let answer = block_on(server.get(&format!("{VIEWS}{tail}"), &[])).expect("an answer");
    let first = answer.body.lines().next().unwrap_or_default();
    (answer.status, serde_json::from_str(first).expect("one line of JSON"))
}

fn all(server: &Server) -> Value {
    let all = || match get(server, "") {
        (200, list) if list["items"].as_array().map(Vec::len) == Some(WORKSPACES.len()) => Ok(list),
        other => Err(format!("{other:?}")),
    };
    until("every view is there", seconds(30), all).0
}

fn version(list: &Value) -> u64 {
    list["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok()).expect("a version")
}

/// What says that an object is the same one.
fn identities(list: &Value) -> Vec<[&Value; 3]> {
    let metadata = list["items"].as_array().expect("items").iter().map(|item| &item["metadata"]);
    metadata.map(|metadata| ["name", "uid", "creationTimestamp"].map(|field| &metadata[field])).collect()
}

#[test]
fn a_successor_knows_the_views_and_owns_up_to_what_it_does_not_know() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("successor");
    for workspace in WORKSPACES {
        env.targets.create(&format!("{workspace}-target"), workspace);
    }
    let admin = server(&env, env.tmc.port, SERVER_NAME, &env.tmc.authority(), "admin");
    let before = all(&admin);
    let token = get(&admin, "?limit=1").1["metadata"]["continue"].as_str().expect("a token").to_owned();

    env.tmc.restart();
    let after = all(&admin);
    assert_eq!(identities(&before), identities(&after));
    assert!(version(&after) > version(&before), "{} after {}", version(&after), version(&before));

    let old = version(&before);
    let (code, frame) = get(&admin, &format!("?watch=1&timeoutSeconds=1&resourceVersion={old}"));
    assert_eq!((code, &frame["type"], &frame["object"]["code"]), (200, &json!("ERROR"), &json!(410)));
    assert_eq!(frame["object"]["reason"], "Expired");
    assert_eq!(get(&admin, &format!("?resourceVersion={old}")).0, 200, "not older than it");
    let exact = get(&admin, &format!("?resourceVersion={old}&resourceVersionMatch=Exact"));
    assert_eq!((exact.0, &exact.1["reason"]), (410, &json!("Expired")));
    let page = get(&admin, &format!("?limit=1&continue={token}"));
    assert_eq!((page.0, &page.1["reason"]), (410, &json!("Expired")));
    let streamed = format!(
        "?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion={old}"
    );
    assert_eq!(get(&admin, &streamed).1["type"], "ADDED", "as every informer begins again");
}
