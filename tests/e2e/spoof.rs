//! Request headers that claim an identity, on connections that are not the aggregator's: each kind of
//! certificate with each kind of header. Only the front's own certificate gives the headers a meaning.

use crate::env::shared;
use crate::fixture::{VIEWS, block_on};
use crate::pki::{Authority, Identity, Leaf};

type Headers = &'static [(&'static str, &'static str)];

/// All claim to be an administrator, or try to confuse.
const HEADERS: [Headers; 8] = [
    &[("X-Remote-User", "system:admin")],
    &[("X-Remote-User", "admin"), ("X-Remote-Group", "system:masters")],
    &[("X-Remote-User", "admin"), ("X-Remote-Group", "system:masters"), ("X-Remote-Uid", "1")],
    &[("X-Remote-User", "admin"), ("X-Remote-Group", "system:masters"), ("X-Remote-Extra-Warrant", "root")],
    &[
        ("X-Remote-User", "admin"),
        ("X-Remote-Group", "system:masters"),
        ("X-Remote-Extra-Scopes.Kcp.Io", "*"),
    ],
    &[("x-REMOTE-user", "admin"), ("x-REMOTE-group", "system:masters")],
    &[("X-Remote-User", "mallory"), ("X-Remote-User", "admin"), ("X-Remote-Group", "system:masters")],
    &[("X-Remote-User", "admin"), ("X-Remote-Group", "system:masters"), ("X-Remote-Extra-A%2fb%zz", "%zz")],
];

fn issue(authority: &Authority, leaf: Leaf) -> Identity {
    authority.issue(&leaf).expect("issue a certificate")
}

#[test]
fn without_the_fronts_certificate_headers_mean_nothing() {
    let Some(env) = shared() else { return };
    let front = Leaf { common_name: "front-proxy-client", ..Leaf::default() };
    let stranger = Authority::new("another-authority").expect("create an authority");
    let mallory = issue(&env.cluster.authority, Leaf { common_name: "mallory", ..Leaf::default() });
    let of_front = &env.cluster.front_proxy;
    let cases: [(&str, Option<Identity>, u16); 6] = [
        ("no certificate", None, 401),
        ("a user's certificate", Some(mallory), 403),
        ("another authority's", Some(issue(&stranger, front.clone())), 401),
        (
            "a name that is not allowed",
            Some(issue(of_front, Leaf { common_name: "other", ..front.clone() })),
            401,
        ),
        ("an expired one", Some(issue(of_front, Leaf { expired: true, ..front.clone() })), 401),
        ("a server's", Some(issue(of_front, Leaf { serves: &["localhost"], ..front.clone() })), 401),
    ];
    let path = format!("{VIEWS}/root:absent");
    for (what, identity, expected) in &cases {
        let server = env.wire_as(identity.as_ref());
        for headers in HEADERS {
            let answer = block_on(server.get(&path, headers)).expect("an answer");
            assert_eq!(answer.status, *expected, "{what} with {headers:?}: {}", answer.body);
            assert!(!answer.body.contains("admin"), "{what} with {headers:?}: {}", answer.body);
            if *expected == 403 {
                assert!(answer.body.contains(r#"User \"mallory\""#), "his own name: {}", answer.body);
            }
        }
    }
}

#[test]
fn with_it_they_are_the_identity() {
    let Some(env) = shared() else { return };
    let identity = env.cluster.front_identity().expect("issue a certificate");
    let server = env.wire_as(Some(&identity));
    let get = |path: &str, headers: &[(&str, &str)]| block_on(server.get(path, headers)).expect("an answer");
    let name = format!("{VIEWS}/root:absent");
    let masters = [("X-Remote-User", "admin"), ("X-Remote-Group", "system:masters")];
    assert_eq!(get(&name, &masters).status, 404);
    assert_eq!(get(VIEWS, &masters).status, 200);
    let nobody = get(&name, &[("X-Remote-User", "eve")]);
    assert_eq!(nobody.status, 403);
    assert!(nobody.body.contains(r#"User \"eve\" cannot get"#), "{}", nobody.body);
    // The front says who asks; without that it is nobody, whatever groups are named.
    let nameless = get(&name, &[("X-Remote-Group", "system:masters")]);
    assert_eq!(nameless.status, 401, "{}", nameless.body);
}

#[test]
fn impersonation_needs_the_right_to_impersonate() {
    let Some(env) = shared() else { return };
    let mallory = issue(&env.cluster.authority, Leaf { common_name: "mallory", ..Leaf::default() });
    let server = env.wire_as(Some(&mallory));
    for headers in [
        &[("Impersonate-User", "admin")][..],
        &[("Impersonate-User", "admin"), ("Impersonate-Group", "system:masters")],
        &[("Impersonate-Group", "system:masters")],
    ] {
        let answer = block_on(server.get(VIEWS, headers)).expect("an answer");
        assert!([400, 403].contains(&answer.status), "{headers:?}: {} {}", answer.status, answer.body);
    }
}

#[test]
fn an_upgrade_is_refused_and_the_connection_closed() {
    let Some(env) = shared() else { return };
    let server = env.wire_as(None);
    for protocol in ["websocket", "SPDY/3.1"] {
        // Should a second request be read on this connection, its answer would follow the first.
        let smuggled = format!("{protocol}\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost");
        let answer = block_on(server.get("/version", &[("Connection", "Upgrade"), ("Upgrade", &smuggled)]))
            .expect("an answer");
        assert!((400..500).contains(&answer.status), "{protocol}: {} {}", answer.status, answer.body);
        assert!(!answer.body.contains("HTTP/1.1 200"), "{protocol}: {}", answer.body);
    }
}
