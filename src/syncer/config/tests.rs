//! The documented example is read, and every mistake is told where it is.

use super::*;
use crate::{
    api::placement::{DriftPolicy, OnImmutable, TakeOver},
    syncer::kind::Kind,
};

const DOCUMENT: &str = include_str!("../../../docs/tmc/configuration.md");

fn kind(group: &str, resource: &str) -> Kind {
    let text = str::to_owned;
    Kind {
        group: text(group),
        version: text("v1"),
        resource: text(resource),
        kind: text("K"),
        namespaced: true,
    }
}

fn read(text: &str) -> Config {
    Config::read("syncer.yaml", text).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn told(text: &str) -> Vec<String> {
    Config::read("syncer.yaml", text).unwrap_err().iter().map(ConfigError::to_string).collect()
}

#[test]
fn the_documented_example_is_read() {
    let example = DOCUMENT.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let config = read(example);
    assert_eq!(config.filter.namespaces, ["shop", "bank"]);
    assert_eq!(config.filter.annotation_selector, ["example.com/sync=yes"]);
    assert_eq!(config.secrets.policy, SecretPolicy::Selected);
    assert_eq!(config.secrets.named, [("shop".to_owned(), "registry-token".to_owned())].into());
    let access = config.in_cluster_access.as_ref().map(|access| (access.host.as_str(), access.port));
    assert_eq!((access, config.secrets.tokens), (Some(("kcp.example.com", 6443)), true));
    assert_eq!(config.transforms.len(), 3);
    assert_eq!(config.upsync, [Upsync::Endpoints, Upsync::PersistentVolumes, Upsync::Pods].into());
    assert_eq!(Upsync::Pods.kind().resource, "pods");
    let sets = config.policies.of(&kind("apps", "statefulsets"));
    assert_eq!(sets.drift_policy, DriftPolicy::ReportOnly);
    assert_eq!(sets.on_immutable, OnImmutable::Recreate);
    assert_eq!((sets.take_over, sets.winners.len()), (TakeOver::IfNoDiff, 1), "as given for all");
    let others = config.policies.of(&kind("apps", "deployments"));
    assert_eq!((others.drift_policy, others.take_over), (DriftPolicy::Correct, TakeOver::IfNoDiff));
    assert!(config.allow_recreate.contains(&kind("apps", "statefulsets").group_resource()));
    assert!(ResourceFilter::parse(&config.filter).is_ok());
}

#[test]
fn an_empty_file_changes_nothing() {
    for text in ["", "# nothing\n", "{}", "transforms: []\n", "filter: {}\nsecrets: {}\nupsync: []\n"] {
        assert_eq!(read(text), Config::default(), "{text:?}");
    }
}

#[test]
fn in_cluster_access_needs_a_url_and_secrets() {
    for (text, expected) in [
        ("inClusterAccess: {}\n", "syncer.yaml:1: inClusterAccess.server: Required value"),
        (
            "inClusterAccess: {server: \"http://kcp:6443\"}\n",
            "syncer.yaml:1: inClusterAccess.server: \"http://kcp:6443\" is no URL",
        ),
        (
            "inClusterAccess: {server: \"https://kcp\"}\nsecrets: {policy: None}\n",
            "syncer.yaml:2: secrets.policy: None lets no token go",
        ),
    ] {
        let told = told(text);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{told:#?}");
    }
}

#[test]
fn all_mistakes_are_told_where_they_are() {
    let text = "\
filter:
  namespaces: [kube-system]
  labelSelector: a in
  colour: red
secrets:
  policy: Some
transforms:
- name: a
  ops:
  - set: {path: /kind, value: 1}
  - sett: {}
- name: a
  match:
    cel: nonsense
  ops:
  - remove: /spec/x
- ops: 3
applyPolicy:
  takeOver: Maybe
kinds:
- resource: a
  applyPolicy: {driftPolicy: Never}
upsync: [nodes]
";
    let expected = [
        "syncer.yaml:2: filter.namespaces: \"kube-system\" belongs",
        "syncer.yaml:3: filter.labelSelector: ",
        "syncer.yaml:4: filter.colour: is not known",
        "syncer.yaml:6: secrets.policy: Unsupported value: \"Some\"",
        "syncer.yaml:10: transforms[0].ops[0].set.path: /kind says",
        "syncer.yaml:11: transforms[0].ops[1]: Invalid value",
        "syncer.yaml:11: transforms[0].ops[1].sett: is not known",
        "syncer.yaml:12: transforms[1]: Duplicate value",
        "syncer.yaml:12: transforms[1].name: is that of another rule",
        "syncer.yaml:14: transforms[1].match.cel: ",
        "syncer.yaml:17: transforms[2].name: Required value",
        "syncer.yaml:17: transforms[2].ops: Invalid value",
        "syncer.yaml:19: applyPolicy.takeOver: Unsupported value",
        "syncer.yaml:22: kinds[0].applyPolicy.driftPolicy: Unsupported value",
        "syncer.yaml:23: upsync[0]: Unsupported value: \"nodes\"",
    ];
    let told = told(text);
    for (told, start) in told.iter().zip(expected) {
        assert!(told.starts_with(start), "{told}\nnot {start}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
}

#[test]
fn what_cannot_be_read_at_all_is_told_once() {
    assert_eq!(told("a: 1\na: 2\n").len(), 1);
    assert!(told("- a\n")[0].starts_with("syncer.yaml:1: must be a map"));
    assert!(told(&"#".repeat(2 << 20))[0].contains("more than"));
}
