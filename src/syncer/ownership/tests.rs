//! Stamps that are whole count, all others do not.

use super::*;
use crate::api::workload::NamespaceMapping;
use proptest::prelude::*;

fn identity() -> Identity {
    Identity {
        name: "edge".to_owned(),
        uid: "target-1".to_owned(),
        cluster: "root:org".to_owned(),
        workspace: "ws-1".to_owned(),
        namespace_mapping: NamespaceMapping::Hashed,
        derived: Default::default(),
    }
}

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

fn deployments() -> Kind {
    kind("apps", "deployments")
}

/// An object below as this target made it of `shop/web`.
fn stamped_object() -> Value {
    let upstream = json!({"metadata": {"namespace": "shop", "name": "web", "uid": "u1", "generation": 3}});
    let owner = Owner::of(&identity(), &deployments(), &upstream).unwrap();
    let namespace = naming::downstream_namespace(&identity(), "shop").unwrap();
    let mut object = json!({"metadata": {"namespace": namespace, "name": "web", "uid": "below"}});
    stamp(&mut object, &owner, &identity(), Some(3));
    stamp_hash(&mut object, "h");
    object
}

fn whose(object: &Value) -> Ownership {
    ownership(object, &deployments(), &identity())
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut object = stamped_object();
    *object.pointer_mut(pointer).unwrap() = value;
    object
}

fn with_owner(field: &str, value: Value) -> Value {
    let mut owner: Value =
        serde_json::from_str(entry(&stamped_object(), "annotations", OWNER).unwrap()).unwrap();
    owner[field] = value;
    changed("/metadata/annotations/workload.kcp.io~1owner", owner.to_string().into())
}

#[test]
fn what_was_stamped_is_ours() {
    let object = stamped_object();
    let Ownership::Ours(owner) = whose(&object) else { panic!("{object}") };
    assert_eq!(
        serde_json::to_string(&owner).unwrap(),
        r#"{"syncTargetUID":"target-1","cluster":"ws-1","namespace":"shop","name":"web","uid":"u1","gvr":"deployments.v1.apps"}"#
    );
    assert!(owns(&object, &deployments(), &identity(), "u1"));
    assert!(!owns(&object, &deployments(), &identity(), "u2"), "made again upstream");
    assert_eq!(desired_hash(&object), Some("h"));
    assert_eq!(source_generation(&object), Some(3));
    assert_eq!(object["metadata"]["labels"][MANAGED_BY], "kcp-syncer");
}

#[test]
fn a_target_of_the_same_name_that_is_gone_is_another() {
    let object = with_owner("syncTargetUID", json!("target-0"));
    assert!(matches!(whose(&object), Ownership::OtherSyncer(_)));
    let object = changed("/metadata/labels/internal.workload.kcp.io~1cluster", json!("another-key"));
    assert!(matches!(whose(&object), Ownership::OtherSyncer(_)));
}

#[test]
fn forged_and_garbled_stamps_are_nobodys() {
    let label = "/metadata/labels/internal.workload.kcp.io~1cluster";
    let annotation = "/metadata/annotations/workload.kcp.io~1owner";
    for (what, object) in [
        ("no stamp", json!({"metadata": {"name": "web"}})),
        ("no object", json!(null)),
        ("no label", changed(label, json!(null))),
        ("label alone", changed(annotation, json!(null))),
        ("garbled", changed(annotation, json!("{\"syncTargetUID\":"))),
        ("no text", changed(annotation, json!({"uid": "u1"}))),
        ("no uid", with_owner("uid", json!(""))),
        ("another type", with_owner("uid", json!(1))),
        ("another workspace", with_owner("cluster", json!("ws-2"))),
        ("another kind", with_owner("gvr", json!("services.v1"))),
        ("another group", with_owner("gvr", json!("deployments.v1.example.com"))),
        ("no kind", with_owner("gvr", json!("deployments"))),
        ("another name", with_owner("name", json!("api"))),
        ("another namespace", with_owner("namespace", json!("other"))),
        ("copied to another name", changed("/metadata/name", json!("copy"))),
        ("copied to another namespace", changed("/metadata/namespace", json!("default"))),
    ] {
        assert_eq!(whose(&object), Ownership::None, "{what}");
        assert!(!owns(&object, &deployments(), &identity(), ""), "{what}");
    }
}

#[test]
fn what_controllers_copy_onto_their_objects_is_not_ours() {
    let object = stamped_object();
    assert_eq!(ownership(&object, &kind("apps", "replicasets"), &identity()), Ownership::None);
}

#[test]
fn both_mappings_and_versions_keep_what_was_made() {
    let object = changed("/metadata/namespace", json!("shop"));
    assert!(matches!(whose(&object), Ownership::Ours(_)), "mapped by Preserve");
    let object = with_owner("gvr", json!("deployments.v1beta1.apps"));
    assert!(matches!(whose(&object), Ownership::Ours(_)), "made of an older version");
}

#[test]
fn a_cluster_scoped_object_has_no_namespace() {
    let kind = Kind { namespaced: false, ..kind("", "persistentvolumes") };
    let upstream = json!({"metadata": {"name": "disk", "uid": "u1"}});
    let owner = Owner::of(&identity(), &kind, &upstream).unwrap();
    let mut object = json!({"metadata": {"name": "disk"}});
    stamp(&mut object, &owner, &identity(), None);
    assert!(owns(&object, &kind, &identity(), "u1"));
    assert_eq!(source_generation(&object), None);
    assert_eq!(Owner::of(&identity(), &deployments(), &upstream), None, "a namespace is missing");
}

#[test]
fn a_released_object_knows_who_may_have_it_again() {
    let mut object = stamped_object();
    let Ownership::Ours(owner) = whose(&object) else { panic!("stamped") };
    assert!(!was_released(&object, &identity(), "u1"));
    json_patch::merge(&mut object, &release(&owner));
    assert_eq!(whose(&object), Ownership::None);
    assert_eq!(object["metadata"]["labels"], json!({}));
    assert_eq!(object["metadata"]["annotations"], json!({RELEASED_BY: "target-1/u1"}));
    assert!(was_released(&object, &identity(), "u1"));
    assert!(!was_released(&object, &identity(), "u2"));
    assert!(!was_released(&object, &Identity { uid: "target-2".to_owned(), ..identity() }, "u1"));
}

proptest! {
    #[test]
    fn any_json_has_an_owner_or_none(text in ".*", key in ".*", value in any::<i64>()) {
        let object = json!({"metadata": {
            "annotations": {OWNER: text, RELEASED_BY: key, SOURCE_GENERATION: value},
            "labels": {CLUSTER: key},
        }});
        prop_assert_eq!(whose(&object), Ownership::None);
        let mut object = Value::String(text);
        stamp(&mut object, &Owner::of(&identity(), &deployments(), &stamped_object()).unwrap(), &identity(), Some(value));
        prop_assert_eq!(source_generation(&object), Some(value));
    }
}
