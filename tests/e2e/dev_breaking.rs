//! What `tmc dev` makes of ends without a goodbye, of garbage, of bodies too long, of many objects, and of wrong flags.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::binaries;
use crate::demo::Demo;
use crate::fixture::block_on;
use crate::histories::server::Server;
use crate::tmc::tmc;
use crate::wait::seconds;

const MAPS: &str = "/clusters/root/api/v1/namespaces/default/configmaps";
const JSON: &str = "application/json";
const BARE: [&str; 2] = ["--no-demo", "--clusters=0"];

fn version(list: &Value) -> u64 {
    let text = list["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    text.parse().expect("a list has a version")
}

fn configmap(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": value}})
}

#[test]
fn after_a_kill_watches_are_told_to_list_anew() {
    if !binaries::present() {
        return;
    }
    let mut demo = Demo::start(&BARE);
    let listen = format!("--listen={}", demo.url().trim_start_matches("https://"));
    let server = block_on(Server::outside(&demo.kubeconfig())).expect("a client");
    let ask = |server: &Server, path: &str| {
        block_on(server.ask("GET", path, JSON, &Value::Null)).expect("an answer").1
    };
    let before = version(&ask(&server, MAPS));
    let mut watching = demo.kubectl().start("watch", &["get", "configmaps", "-w"]);
    let mut raw =
        block_on(server.watch(&format!("{MAPS}?watch=1&resourceVersion={before}"), JSON)).expect("a watch");
    block_on(server.ask("POST", MAPS, JSON, &configmap("seen", "1"))).expect("an answer");
    let event = block_on(raw.next()).expect("an event").expect("an event");
    assert_eq!(event["object"]["metadata"]["name"], "seen");

    demo.process.kill();
    assert!(!matches!(block_on(raw.next()), Ok(Some(_))), "the stream ends");
    watching.wait(seconds(30));

    // The same address, everything else anew.
    demo = demo.again(&[&BARE as &[&str], &[&listen]].concat());
    let server = block_on(Server::outside(&demo.kubeconfig())).expect("a client");
    let list = ask(&server, MAPS);
    assert!(version(&list) > before, "versions go on above those of the run before");
    assert!(demo.kubectl().try_run(&["get", "configmap", "seen"]).is_err(), "it was in memory");
    for old in [before, version(&event["object"])] {
        let path = format!("{MAPS}?watch=1&resourceVersion={old}");
        let mut watch = block_on(server.watch(&path, JSON)).expect("an answer");
        let told = block_on(watch.next()).expect("an event").expect("an event");
        assert!(told["type"] == "ERROR" && told["object"]["code"] == 410, "{told}");
    }
}

#[test]
fn garbage_is_refused_and_nothing_of_it_kept() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&BARE);
    let server = block_on(Server::outside(&demo.kubeconfig())).expect("a client");
    let send = |method: &str, path: &str, media: &str, body: &[u8]| {
        let (status, answer) = block_on(server.send_bytes(method, path, media, body.to_vec()))
            .unwrap_or_else(|error| panic!("{method} {media} of {} bytes: {error:#}", body.len()));
        let answer: Value = serde_json::from_slice(&answer)
            .unwrap_or_else(|_| panic!("{method} {path}: {}", String::from_utf8_lossy(&answer)));
        assert!(answer["kind"] == "Status" && answer["code"] == status, "{method} {path} {media}: {answer}");
        status
    };
    block_on(server.ask("POST", MAPS, JSON, &configmap("there", "1"))).expect("an answer");
    let there = format!("{MAPS}/there");
    let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    // Deeper than is read, and as deep as is.
    let (deep, deepest, yaml) = (nested(5_000), nested(126), nested(62));
    let bodies: [&[u8]; 11] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"text\"",
        b"\xff\xfe\0",
        b"{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}",
        b"k8s\0\x0a\xff\xff\xff\xff\x0f",
        deep.as_bytes(),
        deepest.as_bytes(),
        yaml.as_bytes(),
    ];
    let protobuf = "application/vnd.kubernetes.protobuf";
    let patches = ["merge-patch+json", "json-patch+json", "strategic-merge-patch+json", "apply-patch+yaml"];
    for body in bodies {
        for media in [JSON, "application/yaml", protobuf, "text/plain"] {
            for (method, path) in [("POST", MAPS), ("PUT", &there)] {
                let status = send(method, path, media, body);
                assert!(
                    matches!(status, 400 | 415 | 422),
                    "{method} {media} {:?}: {status}",
                    &body[..body.len().min(20)]
                );
            }
        }
        for media in patches {
            let path = if media == patches[3] { format!("{there}?fieldManager=m") } else { there.clone() };
            let (status, _) =
                block_on(server.send_bytes("PATCH", &path, &format!("application/{media}"), body.to_vec()))
                    .expect("an answer");
            // What says nothing of a ConfigMap changes nothing of it.
            let harmless = body == b"[]" || [&deepest, &yaml].iter().any(|text| text.as_bytes() == body);
            let refused = matches!(status, 400 | 415 | 422);
            assert!(refused || (harmless && status == 200), "{media} of {} bytes: {status}", body.len());
        }
    }
    // More than 3 MiB are not read; who is still sending may be cut off before he sees why.
    let long = configmap("long", &"x".repeat(3 << 20)).to_string();
    if let Ok((status, answer)) = block_on(server.send_bytes("POST", MAPS, JSON, long.into_bytes())) {
        assert_eq!(status, 413, "{}", String::from_utf8_lossy(&answer));
    }
    let list = block_on(server.ask("GET", MAPS, JSON, &Value::Null)).expect("an answer").1;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "nothing was kept: {list}");
    assert_eq!(list["items"][0]["data"], json!({"a": "1"}), "nothing was changed");
}

#[test]
fn two_thousand_objects_are_paged_and_watched() {
    if !binaries::present() {
        return;
    }
    const MANY: usize = 2_000;
    let demo = Demo::start(&BARE);
    let server = block_on(Server::outside(&demo.kubeconfig())).expect("a client");
    block_on(async {
        let (_, empty) = server.ask("GET", MAPS, JSON, &Value::Null).await?;
        // A watcher that reads nothing until all is over.
        let slow = format!("{MAPS}?watch=1&resourceVersion={}", version(&empty));
        let mut slow = server.watch(&slow, JSON).await?;
        for number in 0..MANY {
            let (status, answer) =
                server.ask("POST", MAPS, JSON, &configmap(&format!("m{number:04}"), "1")).await?;
            anyhow::ensure!(status == 201, "{answer}");
        }
        let (mut names, mut next, mut at) = (Vec::new(), String::new(), 0);
        loop {
            let path = format!("{MAPS}?limit=300{next}");
            let (_, page) = server.ask("GET", &path, JSON, &Value::Null).await?;
            anyhow::ensure!(at == 0 || at == version(&page), "all pages are of one version");
            at = version(&page);
            let items = page["items"].as_array().cloned().unwrap_or_default();
            names.extend(
                items.iter().map(|item| item["metadata"]["name"].as_str().unwrap_or_default().to_owned()),
            );
            match page["metadata"]["continue"].as_str() {
                Some(token) if !token.is_empty() => {
                    let left = page["metadata"]["remainingItemCount"].as_u64().unwrap_or(0) as usize;
                    anyhow::ensure!(left + names.len() == MANY, "{left} are left after {}", names.len());
                    next = format!("&continue={token}");
                    // What is made meanwhile is of another version.
                    server.ask("POST", MAPS, JSON, &configmap(&format!("a{}", names.len()), "1")).await?;
                }
                _ => break,
            }
        }
        let expected: Vec<_> = (0..MANY).map(|number| format!("m{number:04}")).collect();
        anyhow::ensure!(names == expected, "all are listed, each once: {}", names.len());
        for name in &expected {
            let event = slow.next().await?.unwrap_or_default();
            anyhow::ensure!(event["object"]["metadata"]["name"] == **name, "{name}: {event}");
        }
        let (status, answer) = server.ask("DELETE", MAPS, JSON, &Value::Null).await?;
        anyhow::ensure!(status == 200, "{answer}");
        let (_, list) = server.ask("GET", MAPS, JSON, &Value::Null).await?;
        anyhow::ensure!(list["items"] == json!([]), "none is left");
        Ok(())
    })
    .expect("all of it");
}

#[test]
fn a_second_run_leaves_the_files_of_the_first_alone() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&BARE);
    let kubeconfig = demo.kubeconfig();
    let before = std::fs::read_to_string(&kubeconfig).expect("it was written");
    let flag = format!("--kubeconfig={}", kubeconfig.display());
    let output = tmc(&["dev", "--listen=127.0.0.1:0", "--clusters=0", &flag]);
    assert!(!output.status.success(), "{}", output.stdout);
    assert!(
        output.stderr.contains("belongs to a tmc dev that serves on https://127.0.0.1"),
        "{}",
        output.stderr
    );
    assert_eq!(std::fs::read_to_string(&kubeconfig).expect("it is there"), before);
}

#[test]
fn wrong_flags_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let busy = format!("--listen={}", taken.local_addr().expect("an address"));
    let kubeconfig = format!("--kubeconfig={}", folder.path().join("kubeconfig").display());
    let nowhere = format!("--kubeconfig={}", folder.path().join("absent/kubeconfig").display());
    let a_folder = format!("--kubeconfig={}", folder.path().display());
    let free = "--listen=127.0.0.1:0";
    let others = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(others.path(), "apiVersion: v1\nkind: Config\n").expect("write it");
    let not_ours = format!("--kubeconfig={}", others.path().display());
    let cases: [(&[&str], &[&str]); 9] = [
        (&[free, &not_ours], &["--kubeconfig", "was not written by tmc dev"]),
        (&[&busy, &kubeconfig], &["--listen", "cannot listen on 127.0.0.1", "in use"]),
        (&["--listen=localhost", &kubeconfig], &["--listen", "localhost"]),
        (&["--listen=203.0.113.7:0", &kubeconfig], &["--listen", "cannot listen on 203.0.113.7"]),
        (&[free, &nowhere], &["--kubeconfig", "absent/kubeconfig"]),
        (&[free, &a_folder], &["--kubeconfig", "cannot write"]),
        (&[free, &kubeconfig, "--workspaces=production"], &["--workspaces", "production"]),
        (&[free, &kubeconfig, "--clusters=300"], &["--clusters", "300"]),
        (&[free, &kubeconfig, "--nonsense"], &["--nonsense"]),
    ];
    for (flags, words) in cases {
        let output = tmc(&[&["dev"] as &[&str], flags].concat());
        assert!(!output.status.success(), "{flags:?}: {}", output.stdout);
        for word in words {
            assert!(output.stderr.contains(word), "{flags:?} should name {word:?}: {}", output.stderr);
        }
        assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    }
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 0, "a start that failed leaves nothing behind");
}
