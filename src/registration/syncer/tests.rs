//! What the objects for a physical cluster hold, for every mode.

use std::collections::BTreeSet;

use super::*;
use crate::registration::kinds::address;

fn scope(mode: Mode) -> Scope {
    let kinds = syncer::default_kinds();
    Scope { target: "production-east".to_owned(), uid: "uid-1".to_owned(), mode, kinds, upsync: Vec::new() }
}

fn plan(mode: Mode) -> Plan {
    Plan {
        scope: scope(mode),
        key: "KEY".to_owned(),
        image: "registry.example/tmc:1".to_owned(),
        replicas: 2,
        flags: vec!["--qps=50".to_owned()],
        config: Some("transforms: []".to_owned()),
        fence: true,
    }
}

fn access() -> Access {
    Access {
        server: "https://kcp.example/clusters/abc".to_owned(),
        authorities: "PEM".to_owned(),
        server_name: None,
        token: "CANARY".to_owned(),
    }
}

const MODES: [Mode; 3] = [Mode::Placement, Mode::Filter, Mode::Observe];

#[test]
fn every_object_has_a_path_of_its_own_and_a_namespace_that_comes_first() {
    for mode in MODES {
        for objects in [upstream(&scope(mode)), downstream(&plan(mode), &access())] {
            let mut paths = BTreeSet::new();
            assert_eq!(objects[0]["kind"], "Namespace");
            for object in &objects {
                let kind = Kind::of(object).expect("a kind of the table");
                let (namespace, name) = address(object);
                assert_eq!(kind.namespaced, !namespace.is_empty(), "{object}");
                assert!(paths.insert(kind.path(namespace, name)), "twice: {object}");
                let shared = name == "tmc-system";
                assert_eq!(
                    object["metadata"]["labels"][INSTANCE] == "tmc-syncer-production-east",
                    !shared,
                    "{object}"
                );
                assert!(namespace.is_empty() || namespace == objects[0]["metadata"]["name"], "{object}");
            }
        }
    }
}

#[test]
fn the_token_is_in_the_secret_alone_and_the_pods_do_not_change_with_it() {
    let objects = downstream(&plan(Mode::Filter), &access());
    let holders: Vec<_> = objects.iter().filter(|object| object.to_string().contains("CANARY")).collect();
    assert_eq!(holders.len(), 1);
    assert_eq!(holders[0]["kind"], "Secret");
    assert!(!format!("{:?}", access()).contains("CANARY"));
    let renewed = downstream(&plan(Mode::Filter), &Access { token: "other".to_owned(), ..access() });
    let pods = |objects: &[Value]| objects.last().map(|deployment| deployment["spec"].clone());
    assert_eq!(pods(&objects), pods(&renewed));
    let moved = downstream(&plan(Mode::Filter), &Access { server: "https://b".to_owned(), ..access() });
    assert_ne!(pods(&objects), pods(&moved));
}

#[test]
fn the_pod_has_no_privilege_and_tells_its_health() {
    let objects = downstream(&plan(Mode::Observe), &access());
    let pod = &objects.last().unwrap()["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(container["securityContext"]["capabilities"]["drop"], json!(["ALL"]));
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/livez");
    assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
    let arguments = container["args"].as_array().unwrap();
    for argument in
        ["--sync-target-uid=uid-1", "--mode=observe", "--qps=50", "--config=/etc/tmc/config/config.yaml"]
    {
        assert!(arguments.contains(&json!(argument)), "{argument}: {arguments:?}");
    }
}

#[test]
fn only_who_writes_is_fenced() {
    let fenced = |mode| {
        downstream(&plan(mode), &access()).iter().any(|object| object["kind"] == "ValidatingAdmissionPolicy")
    };
    assert!(fenced(Mode::Filter) && fenced(Mode::Placement) && !fenced(Mode::Observe));
    let open = Plan { fence: false, ..plan(Mode::Filter) };
    assert!(downstream(&open, &access()).iter().all(|object| object["kind"] != "ValidatingAdmissionPolicy"));
}

#[test]
fn a_namespace_is_named_after_its_target_as_far_as_that_goes() {
    assert_eq!(namespace("east"), "tmc-syncer-east");
    let long = "a.very.long.name.of.a.sync.target.that.goes.on.and.on";
    let short = namespace(long);
    assert!(short.len() <= 63 && !short.contains('.'), "{short}");
    assert_ne!(short, namespace(&format!("{long}x")));
    assert_ne!(namespace("a.b"), namespace("a-b"));
}

#[test]
fn kinds_are_parsed_as_they_are_written() {
    for kind in syncer::default_kinds() {
        assert_eq!(parse_kind(&kind_id(&kind)), Ok(kind.clone()));
        assert_eq!(parse_kind(&kind.resource), Ok(kind));
    }
    assert_eq!(parse_kind("pods").map(|kind| kind.group), Ok(String::new()));
    for bad in ["", ".", "Deployments", "a.", ".apps", "a b", "*"] {
        assert!(parse_kind(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_target_is_written_only_as_far_as_it_is_told() {
    assert_eq!(target("a", &TargetSpec::default())["spec"], json!({}));
    let spec = TargetSpec {
        workspace: Some("root:production".to_owned()),
        labels: vec![("region".to_owned(), "eu".to_owned())],
        namespace_mapping: Some(NamespaceMapping::Preserve),
        api_exports: vec!["kubernetes".to_owned()],
    };
    let target = target("a", &spec);
    assert_eq!(target["spec"]["kcpCluster"], "root:production");
    assert_eq!(target["spec"]["namespaceMapping"], "Preserve");
    assert_eq!(target["metadata"]["labels"], json!({"region": "eu"}));
}
