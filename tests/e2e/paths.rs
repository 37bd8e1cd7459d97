//! Odd ways to write the path of a view. Only what names exactly that view, by Kubernetes' own reading, shows
//! it; all else is an error with a Status, and never a redirect.

use serde_json::Value;

use crate::env::shared;
use crate::fixture::{VIEWS, block_on, object_name, workspace};
use crate::pki::Leaf;
use crate::wire::Server;

/// Other spellings that kube-apiserver takes for the same object.
fn same(base: &str, name: &str) -> Vec<String> {
    let (first, rest) = name.split_at(1);
    let encoded = format!("%{:02x}{rest}", first.as_bytes()[0]);
    vec![
        format!("{base}/{name}"),
        format!("{base}/{name}/"),
        format!("{base}/{encoded}"),
        format!("{base}/{}", name.replace(':', "%3A")),
        format!("{base}/{}", name.replace(':', "%3a")),
        format!("/%61pis{}/{name}", base.trim_start_matches("/apis")),
        format!("{base}/{name}?"),
        format!("{base}/{name}?pretty=false&unknown=%00"),
    ]
}

/// Spellings of nothing.
fn odd(base: &str, name: &str) -> Vec<String> {
    let path = format!("{base}/{name}");
    let mut all = Vec::new();
    for (at, _) in path.match_indices('/') {
        let (before, after) = (&path[..at], &path[at + 1..]);
        for slash in
            ["//", "/./", "/../", "/x/../", "/%2e/", "/%2e%2e/", "/.%2E/", "/;/", "/%00/", "/%20/", "\\"]
        {
            all.push(format!("{before}{slash}{after}"));
        }
        // As the first character it is no request line at all.
        if at > 0 {
            all.extend(["%2f", "%2F", "%5c", "%252f"].map(|slash| format!("{before}{slash}{after}")));
        }
    }
    for end in [
        "/status",
        "/scale",
        "/x",
        "/x/y",
        "//",
        "/.",
        "/..",
        "/%2e",
        "%00",
        "%0a",
        "%0d%0a",
        "%20",
        "%09",
        ".",
        "..",
        ";a=b",
        "%3bwatch=1",
        "%3Fwatch=1",
        "%23",
        "%ff",
        "%c0%af",
        "%",
        "%z",
        "%2",
        "*",
        "%2A",
        ",",
        "~",
    ] {
        all.push(format!("{path}{end}"));
    }
    let segments: Vec<_> = path.split('/').collect();
    for at in 1..segments.len() {
        let mut changed = segments.clone();
        let upper = segments[at].to_uppercase();
        changed[at] = &upper;
        all.push(changed.join("/"));
    }
    all.extend([
        format!("/api/v1/aggregatedviews/{name}"),
        path.replace("v1alpha1", "v1alpha2"),
        path.replace("v1alpha1", "v1"),
        path.replace("/aggregatedviews/", "/namespaces/default/aggregatedviews/"),
        path.replace("/aggregatedviews/", "/watch/aggregatedviews/"),
        path.replace("/aggregatedviews/", "/proxy/aggregatedviews/"),
        format!("/clusters/*{path}"),
        format!("/clusters/%2A{path}"),
        format!("/clusters/root{path}"),
        format!("/clusters/{name}{path}"),
        format!("/clusters/{path}"),
        format!("/clusters/%2e%2e{path}"),
        format!("/clusters/a/clusters/b{path}"),
        format!("/services/apiexport/root/x{path}"),
        format!("/Clusters/root{path}"),
        format!("{base}/{}", &name[..name.len() - 1]),
        format!("{base}/{name}{name}"),
        format!("{base}/{}", name.replace(':', "::")),
        format!("{base}/:{name}"),
        format!("{base}/{name}:"),
        format!("{base}/{}", "x".repeat(8_000)),
        format!("{base}/{name}{}", "/x".repeat(4_000)),
        format!("{base}/{name}{}", "%2f".repeat(4_000)),
    ]);
    all
}

#[test]
fn only_the_path_of_a_view_shows_it() {
    let Some(env) = shared() else { return };
    let (workspace, server) = (workspace(), env.wire());
    env.targets.healthy(&object_name(&workspace, "a"), &workspace, 1);
    env.targets.until_deployments(&workspace, 1);
    for path in same(VIEWS, &workspace) {
        let answer = block_on(server.get(&path, &[])).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let view: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!(view["metadata"]["name"], workspace, "{path}");
    }
    let odd = odd(VIEWS, &workspace);
    assert!(odd.len() > 120, "{}", odd.len());
    for path in &odd {
        let shown: String = path.chars().take(150).collect();
        let answer = block_on(server.get(path, &[])).expect("an answer");
        assert!(
            [400, 403, 404, 405, 414].contains(&answer.status),
            "{shown}: {} {}",
            answer.status,
            answer.body
        );
        if answer.status == 400 && answer.body.is_empty() {
            // The request line itself was none; `get` has seen the connection end.
            continue;
        }
        let status: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        assert_eq!(status["kind"], "Status", "{shown}: {}", answer.body);
        assert_eq!(status["code"], answer.status, "{shown}: {}", answer.body);
        assert!(!answer.body.contains("targetCount"), "{shown}: {}", answer.body);
    }
}

/// What is taken for the same by us is so by kube-apiserver, asked for a custom resource.
#[test]
fn kube_apiserver_takes_the_same_paths_for_the_same() {
    let Some(env) = shared() else { return };
    let name = object_name(&workspace(), "a");
    env.targets.create(&name, "root:paths");
    let admin = Leaf { common_name: "admin", organizations: &["system:masters"], ..Leaf::default() };
    let admin = env.cluster.authority.issue(&admin).expect("issue a certificate");
    let kube =
        Server::new(env.cluster.port, "localhost", &env.cluster.authority.pem, Some(&admin)).expect("TLS");
    for path in same("/apis/workload.kcp.io/v1alpha1/synctargets", &name) {
        let answer = block_on(kube.get(&path, &[])).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}
