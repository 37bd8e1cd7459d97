//! Names are those of the original, no two become one, and every one leads back.

use proptest::prelude::*;

use super::*;

fn identity(namespace_mapping: NamespaceMapping) -> Identity {
    Identity {
        name: "us-west1".to_owned(),
        uid: "syncTargetUID".to_owned(),
        cluster: "root:org:ws".to_owned(),
        workspace: "root:org:ws".to_owned(),
        namespace_mapping,
        derived: Default::default(),
    }
}

fn kind(group: &str, resource: &str, namespaced: bool) -> Kind {
    let text = str::to_owned;
    Kind { group: text(group), version: text("v1"), resource: text(resource), kind: text("K"), namespaced }
}

#[test]
fn hashes_are_those_of_the_original() {
    let identity = identity(NamespaceMapping::Hashed);
    let locator = Locator::new(&identity, "test");
    assert_eq!(
        locator.to_text(),
        r#"{"syncTarget":{"cluster":"root:org:ws","name":"us-west1","uid":"syncTargetUID"},"cluster":"root:org:ws","namespace":"test"}"#
    );
    assert_eq!(locator.hashed_name(), "kcp-33jbiactwhg0");
    assert_eq!(locator.tenant_id(), "9Fn3Q4y5UDPmCOrYCujwdgCbD9SwOcKdcefYE7");
    assert_eq!(identity.key(), "6ohB8yeXhwqTQVuBzJRgqcRJTpRjX7yTZu5g5g");
    assert_eq!(downstream_namespace(&identity, "test").unwrap(), "kcp-33jbiactwhg0");
}

#[test]
fn a_target_that_is_made_again_gets_other_namespaces() {
    let before = identity(NamespaceMapping::Hashed);
    let after = Identity { uid: "another".to_owned(), ..before.clone() };
    assert_eq!(before.key(), after.key());
    assert_ne!(downstream_namespace(&before, "test"), downstream_namespace(&after, "test"));
}

#[test]
fn locators_of_old_syncers_are_read() {
    let identity = identity(NamespaceMapping::Hashed);
    let old = r#"{"syncTarget":{"path":"root:org:ws","name":"us-west1","uid":"syncTargetUID"},"path":"root:org:ws","namespace":"test"}"#;
    let locator = Locator::parse(old).unwrap();
    assert_eq!(locator, Locator::new(&identity, "test"));
    assert!(locator.is_of(&identity));
    for none in ["", "{}", "null", "[]", r#"{"syncTarget":{},"cluster":"a","namespace":"b"}"#] {
        assert_eq!(Locator::parse(none), None, "{none}");
    }
    let other = Locator { cluster: "root:other".to_owned(), ..locator };
    assert!(!other.is_of(&identity));
}

#[test]
fn system_namespaces_have_no_place_in_either_mapping() {
    for mapping in [NamespaceMapping::Hashed, NamespaceMapping::Preserve] {
        for namespace in ["kube-system", "kube-public", "kube-node-lease", "kcp-system", "tmc-system"] {
            let place = downstream(&identity(mapping), &kind("", "configmaps", true), namespace, "a");
            assert_eq!(place, Err(NamingError::SystemNamespace(namespace.to_owned())));
        }
    }
    let kept =
        downstream(&identity(NamespaceMapping::Preserve), &kind("", "configmaps", true), "default", "a");
    assert_eq!(kept, Ok(Place { namespace: "default".to_owned(), name: "a".to_owned() }));
    let volume =
        downstream(&identity(NamespaceMapping::Hashed), &kind("", "persistentvolumes", false), "", "a");
    assert_eq!(volume, Ok(Place { namespace: String::new(), name: "a".to_owned() }));
}

#[test]
fn what_every_cluster_makes_for_itself_is_left_to_it() {
    let (config_maps, secrets) = (kind("", "configmaps", true), kind("", "secrets", true));
    for (kind, name, below) in [
        (&config_maps, "kube-root-ca.crt", "kcp-root-ca.crt"),
        (&secrets, "default-token-x2k", "kcp-default-token-x2k"),
    ] {
        assert_eq!(downstream_name(kind, name).as_deref(), Ok(below));
        assert_eq!(upstream_name(kind, below).as_deref(), Some(name));
        assert_eq!(upstream_name(kind, name), None, "the cluster's own");
        let taken = NamingError::Taken { name: below.to_owned(), taken_by: name.to_owned() };
        assert_eq!(downstream_name(kind, below), Err(taken));
    }
    for name in ["kube-root-ca.crt", "default-token-a"] {
        assert_eq!(downstream_name(&kind("apps", "deployments", true), name).as_deref(), Ok(name));
    }
}

proptest! {
    #[test]
    fn names_never_meet_and_lead_back(
        resource in prop::sample::select(vec!["configmaps", "secrets", "services"]),
        first in name(),
        second in name(),
    ) {
        let kind = kind("", resource, true);
        let (below, other) = (downstream_name(&kind, &first), downstream_name(&kind, &second));
        if let Ok(below) = &below {
            prop_assert_eq!(upstream_name(&kind, below), Some(first.clone()));
            prop_assert!(first == second || other.as_ref() != Ok(below));
        }
    }

    #[test]
    fn locators_survive_their_text(cluster in ".*", name in ".*", uid in ".*", namespace in ".*") {
        let target = Identity { name, uid, cluster: cluster.clone(), ..identity(NamespaceMapping::Hashed) };
        let locator = Locator::new(&target, &namespace);
        prop_assert_eq!(Locator::parse(&locator.to_text()), Some(locator.clone()));
        prop_assert_eq!(locator.hashed_name().len(), 16);
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("kube-root-ca.crt".to_owned()),
        Just("kcp-root-ca.crt".to_owned()),
        "(kcp-)?(default-token-)?[a-c]{0,2}",
    ]
}
