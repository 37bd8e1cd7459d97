//! One version for every change, no change lost, and logical clusters that never see each other.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{GroupResource, Store, Versions};
use crate::{
    apiserver::{
        log::EventKind,
        object::Key,
        registry::store::{Change, Refused},
        schema::Schema,
    },
    controlplane::kinds::{self, addresses::Counted},
};

fn config_maps() -> Versions {
    let schema = |_: &str, _: &str, _: &str| Arc::new(Schema::anything());
    let all = kinds::all(&schema, &(Arc::new(Counted::default()) as Arc<_>));
    let found = all.into_iter().find(|strategy| strategy.info().resource == "configmaps").unwrap();
    Versions::from([found])
}

fn resource() -> GroupResource {
    GroupResource::new("", "configmaps")
}

fn key(name: &str) -> Key {
    Key { namespace: "default".into(), name: name.into() }
}

fn object(name: &str, uid: &str, owner: Option<&str>) -> Value {
    let mut object =
        json!({"kind": "ConfigMap", "metadata": {"name": name, "namespace": "default", "uid": uid}});
    if let Some(owner) = owner {
        object["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "v1", "kind": "ConfigMap", "uid": owner}]);
    }
    object
}

#[test]
fn every_change_has_its_version_and_an_old_one_is_refused() {
    let (store, versions) = (Store::new(), config_maps());
    let cluster = "a".into();
    let made = store.commit(&cluster, &versions, &key("x"), Change::Create(object("x", "1", None))).unwrap();
    let first = made[0].resource_version;
    let changed = Change::Replace(first, object("x", "1", None));
    let second = store.commit(&cluster, &versions, &key("x"), changed.clone()).unwrap()[0].resource_version;
    assert_eq!(second, first + 1);
    assert!(matches!(store.commit(&cluster, &versions, &key("x"), changed), Err(Refused::Changed)));
    let again = Change::Create(object("x", "2", None));
    assert!(matches!(store.commit(&cluster, &versions, &key("x"), again), Err(Refused::Exists(_))));
    let gone = Change::Remove(second, object("x", "1", None));
    assert_eq!(store.commit(&cluster, &versions, &key("x"), gone).unwrap()[0].resource_version, second + 1);
    let missing = Change::Replace(second, object("x", "1", None));
    assert!(matches!(store.commit(&cluster, &versions, &key("x"), missing), Err(Refused::Missing)));
}

#[test]
fn equal_names_in_two_clusters_are_two_objects_and_both_are_in_the_log_across() {
    let (store, versions) = (Store::new(), config_maps());
    let create = |cluster: &str, uid: &str| {
        store.commit(&cluster.into(), &versions, &key("x"), Change::Create(object("x", uid, None))).unwrap();
    };
    create("a", "1");
    let across = store.log_across(&versions, "v1").unwrap();
    create("b", "2");
    let names: Vec<_> = across.snapshot().iter().map(|object| object.key.namespace.to_string()).collect();
    assert_eq!(names, ["a|default", "b|default"]);
    for (cluster, uid) in [("a", "1"), ("b", "2")] {
        let log = store.log(&cluster.into(), &versions, "v1").unwrap();
        let objects: Vec<_> =
            log.snapshot().iter().map(|object| super::value(object)["metadata"]["uid"].clone()).collect();
        assert_eq!(objects, [uid]);
        let json: Value = serde_json::from_slice(&log.snapshot().iter().next().unwrap().json()).unwrap();
        assert_eq!(json["metadata"]["annotations"]["kcp.io/cluster"], cluster);
    }
}

#[test]
fn the_watches_of_a_forgotten_resource_end() {
    let (store, versions) = (Store::new(), config_maps());
    let log = store.log(&"a".into(), &versions, "v1").unwrap();
    let (seen, mut head) = (log.head(), log.subscribe());
    head.mark_unchanged();
    store.forget_resource(&"a".into(), &resource());
    assert!(head.has_changed().unwrap());
    assert!(log.events_after(seen, 10).is_err());
}

#[test]
fn a_list_is_at_the_newest_version_of_all() {
    let (store, versions) = (Store::new(), config_maps());
    let made =
        store.commit(&"a".into(), &versions, &key("x"), Change::Create(object("x", "1", None))).unwrap();
    let other = store.log(&"b".into(), &versions, "v1").unwrap();
    assert_eq!(other.snapshot().resource_version, made[0].resource_version);
}

#[test]
fn a_watch_from_any_version_is_told_of_every_change() {
    let (store, versions) = (Store::new(), config_maps());
    let log = store.log(&"a".into(), &versions, "v1").unwrap();
    let start = log.head();
    let made =
        store.commit(&"a".into(), &versions, &key("x"), Change::Create(object("x", "1", None))).unwrap();
    store.edit(&"a".into(), &resource(), &key("x"), |object| {
        object["data"] = json!({"k": "v"});
        true
    });
    assert!(store.edit(&"a".into(), &resource(), &key("x"), |_| false).is_none());
    store.delete(&"a".into(), &resource(), &key("x"));
    let (events, reached) = log.events_after(start, 10).unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Added, EventKind::Modified, EventKind::Deleted]);
    assert_eq!(reached, made[0].resource_version + 2);
    assert!(store.get(&"a".into(), &resource(), &key("x")).is_none());
}

#[test]
fn dependents_are_known_by_their_owner_until_they_go() {
    let (store, versions) = (Store::new(), config_maps());
    let create = |name: &str, uid: &str, owner: Option<&str>| {
        store.commit(&"a".into(), &versions, &key(name), Change::Create(object(name, uid, owner))).unwrap();
    };
    create("owner", "1", None);
    create("owned", "2", Some("1"));
    assert!(store.lives("1") && store.lives("2"));
    assert_eq!(store.dependents("1").into_iter().map(|place| place.key).collect::<Vec<_>>(), [key("owned")]);
    store.take_orphans();
    store.delete(&"a".into(), &resource(), &key("owner"));
    assert!(!store.lives("1"));
    assert_eq!(store.take_orphans().into_iter().map(|place| place.key).collect::<Vec<_>>(), [key("owned")]);
    store.delete(&"a".into(), &resource(), &key("owned"));
    assert!(store.dependents("1").is_empty());
}
