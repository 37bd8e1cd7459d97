//! Who an object belongs to, whatever it says of itself.

use serde_json::json;

use super::*;
use crate::syncer::filter::FilterOptions;

const KEY: &str = "k1";

fn kind() -> Kind {
    Kind {
        group: "apps".into(),
        version: "v1".into(),
        resource: "deployments".into(),
        kind: "Deployment".into(),
        namespaced: true,
    }
}

fn placement(name: &str, priority: i32, decisions: Value) -> Placed {
    let object = json!({
        "apiVersion": "placement.kcp.io/v1alpha1", "kind": "Placement",
        "metadata": {"name": name, "uid": name, "generation": 2},
        "spec": {
            "workloadSelector": {"matchLabels": {"app": "web"}, "matchExpressions": [
                {"key": "tier", "operator": "NotIn", "values": ["test", "dev"]}]},
            "priority": priority,
        },
        "status": {"observedGeneration": 2, "decisions": decisions},
    });
    Placed::read(&object, KEY, "u1").unwrap()
}

fn chosen(state: &str) -> Value {
    json!([{"syncTarget": "east", "key": KEY, "uid": "u1", "state": state}])
}

fn workload(label: Option<&str>, leaves: bool) -> Value {
    let mut object = json!({"metadata": {"namespace": "shop", "name": "web", "labels": {"app": "web"}}});
    if let Some(label) = label {
        object["metadata"]["labels"][format!("{STATE}{KEY}")] = json!(label);
    }
    if leaves {
        object["metadata"]["annotations"] = json!({format!("{DELETION}{KEY}"): "2026-01-01T00:00:00Z"});
    }
    object
}

fn assigned(object: &Value, placements: Option<Vec<Placed>>) -> (Assignment, Option<String>) {
    let placements: Option<BTreeMap<_, _>> =
        placements.map(|all| all.into_iter().map(|placed| (placed.name.clone(), placed)).collect());
    let (filter, secrets, kind) = (ResourceFilter::default(), SecretFilter::default(), kind());
    let context = Context {
        key: KEY,
        mode: Mode::Placement,
        filter: &filter,
        secrets: &secrets,
        kind: &kind,
        namespace: None,
        referenced: false,
        placements: placements.as_ref(),
    };
    let (assignment, placed) = assign(object, &context);
    (assignment, placed.map(|placed| placed.name.clone()))
}

#[test]
fn a_label_and_a_decision_together_place_an_object() {
    let decided = || Some(vec![placement("p", 0, chosen("Active"))]);
    assert_eq!(assigned(&workload(Some("Sync"), false), decided()), (Assignment::Wanted, Some("p".into())));
    assert_eq!(assigned(&workload(None, false), decided()).0, Assignment::Released);
    assert_eq!(assigned(&workload(Some(""), false), decided()).0, Assignment::Released);
    assert_eq!(assigned(&workload(Some("Upsync"), false), decided()).0, Assignment::Released);
    assert_eq!(assigned(&workload(Some("Sync"), false), None).0, Assignment::Unknown);
}

#[test]
fn a_label_alone_does_nothing() {
    let forged = workload(Some("Sync"), false);
    assert_eq!(assigned(&forged, Some(vec![])).0, Assignment::Refused("UnauthorizedLabel"));
    let other = json!([{"syncTarget": "east", "key": KEY, "uid": "an earlier one", "state": "Active"}]);
    let refused = assigned(&forged, Some(vec![placement("p", 0, other)]));
    assert_eq!(refused.0, Assignment::Refused("UnauthorizedLabel"));
    let mut test = workload(Some("Sync"), false);
    test["metadata"]["labels"]["tier"] = json!("test");
    let refused = assigned(&test, Some(vec![placement("p", 0, chosen("Active"))]));
    assert_eq!(refused.0, Assignment::Refused("UnauthorizedLabel"), "the Placement does not select it");
}

#[test]
fn only_a_decision_that_moved_it_deletes() {
    let leaving = workload(Some("Sync"), true);
    let elsewhere = || placement("p", 0, json!([]));
    assert_eq!(assigned(&leaving, Some(vec![elsewhere()])).0, Assignment::Moved);
    assert_eq!(assigned(&leaving, Some(vec![placement("p", 0, chosen("Evicting"))])).0, Assignment::Moved);
    let forged = assigned(&leaving, Some(vec![placement("p", 0, chosen("Active"))]));
    assert_eq!(forged.0, Assignment::Wanted, "the annotation alone does nothing");
    assert_eq!(assigned(&leaving, Some(vec![])).0, Assignment::Released, "the Placement is gone");
    let mut undecided = elsewhere();
    undecided.decided = false;
    assert_eq!(assigned(&leaving, Some(vec![undecided])).0, Assignment::Released);
    assert_eq!(assigned(&leaving, None).0, Assignment::Unknown);
}

#[test]
fn a_placement_that_goes_deletes_only_if_it_says_so() {
    let object = workload(Some("Sync"), false);
    let going = |policy: &str| {
        let placement = json!({
            "metadata": {"name": "p", "generation": 3, "deletionTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"workloadSelector": {"matchLabels": {"app": "web"}}, "applyPolicy": {"deletionPolicy": policy}},
            "status": {"observedGeneration": 2, "decisions": chosen("Active")},
        });
        Placed::read(&placement, KEY, "u1").unwrap()
    };
    assert_eq!(assigned(&object, Some(vec![going("Delete")])).0, Assignment::Moved);
    let orphaned = assigned(&object, Some(vec![going("Orphan")]));
    assert_eq!(orphaned.0, Assignment::Wanted, "it is let go once the Placement is gone");
    let other = || placement("other", -1, chosen("Active"));
    let both = assigned(&object, Some(vec![going("Delete"), other()]));
    assert_eq!(both, (Assignment::Wanted, Some("other".into())), "another one wants it here, too");
    assert_eq!(assigned(&workload(None, false), Some(vec![going("Delete")])).0, Assignment::Released);
    let mut elsewhere = going("Delete");
    elsewhere.decision = None;
    let refused = assigned(&object, Some(vec![elsewhere]));
    assert_eq!(refused.0, Assignment::Refused("UnauthorizedLabel"), "it never was this target's");
}

#[test]
fn of_several_placements_the_highest_has_it() {
    let object = workload(Some("Sync"), false);
    let all = vec![
        placement("a", 0, chosen("Active")),
        placement("b", 5, chosen("Active")),
        placement("c", 9, json!([])),
    ];
    assert_eq!(assigned(&object, Some(all)).1.as_deref(), Some("b"));
    let equal = vec![placement("b", 0, chosen("Active")), placement("a", 0, chosen("Active"))];
    assert_eq!(assigned(&object, Some(equal)).1.as_deref(), Some("a"));
}

#[test]
fn a_filter_takes_all_it_admits() {
    let options = FilterOptions { label_selector: "app=web".into(), ..FilterOptions::default() };
    let (filter, secrets, kind) = (ResourceFilter::parse(&options).unwrap(), SecretFilter::default(), kind());
    let context = Context {
        key: KEY,
        mode: Mode::Filter,
        filter: &filter,
        secrets: &secrets,
        kind: &kind,
        namespace: None,
        referenced: false,
        placements: None,
    };
    assert_eq!(assign(&workload(None, false), &context).0, Assignment::Wanted);
    let other = json!({"metadata": {"namespace": "shop", "name": "db", "labels": {"app": "db"}}});
    assert_eq!(assign(&other, &context).0, Assignment::Released);
    let secret = Kind { group: String::new(), resource: "secrets".into(), ..kind.clone() };
    let context = Context { kind: &secret, ..context };
    assert_eq!(assign(&other, &context).0, Assignment::Released);
    assert_eq!(assign(&other, &Context { referenced: true, ..context }).0, Assignment::Wanted);
}

#[test]
fn a_selector_that_cannot_be_read_is_named() {
    let object = json!({
        "metadata": {"name": "p"},
        "spec": {"workloadSelector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}},
    });
    let error = Placed::read(&object, KEY, "u1").unwrap_err();
    assert!(error.to_string().starts_with("spec.workloadSelector: operator \"Like\""), "{error}");
}
