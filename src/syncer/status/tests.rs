//! What goes up, by tables.

use serde_json::json;

use super::*;
use crate::syncer::ownership::SOURCE_GENERATION;

mod hostile;

const KEY: &str = "6ohB8yeXhwqTQVuBzJRgqcRJTpRjX7yTZu5g5g";

fn kind(group: &str, resource: &str) -> Kind {
    let (version, kind) = ("v1".to_owned(), resource.to_owned());
    Kind { group: group.to_owned(), version, resource: resource.to_owned(), kind, namespaced: true }
}

fn upstream(others: &[&str], status: Value) -> Value {
    let keys = std::iter::once(&KEY).chain(others);
    let finalizers: Vec<_> = keys.map(|key| format!("{}{key}", share::FINALIZER)).collect();
    json!({"metadata": {"name": "web", "uid": "u1", "generation": 7, "finalizers": finalizers}, "status": status})
}

fn downstream(source: i64, generation: i64, status: Value) -> Value {
    json!({"metadata": {"generation": generation, "annotations": {SOURCE_GENERATION: source.to_string()}},
        "status": status})
}

struct World {
    kind: Kind,
    state: Option<SyncState>,
    settled: Option<Settled>,
    load_balancer: bool,
    subresource: bool,
}

impl World {
    fn of(group: &str, resource: &str) -> Self {
        let kind = kind(group, resource);
        Self { kind, state: None, settled: None, load_balancer: true, subresource: true }
    }

    fn step(&self, upstream: &Value, downstream: Option<&Value>) -> Step {
        let context = Context {
            key: KEY,
            kind: &self.kind,
            subresource: self.subresource,
            namespace: Namespace { upstream: "shop", downstream: "kcp-33jbiactwhg0" },
            load_balancer: self.load_balancer,
            state: self.state.as_ref(),
            settled: self.settled,
            now: Timestamp::UNIX_EPOCH,
        };
        step(upstream, downstream, &context)
    }

    /// Carries out what is to be written until nothing is.
    fn settle(&self, upstream: &mut Value, downstream: Option<&Value>) -> Vec<StatusWrite> {
        let mut writes = Vec::new();
        while let Some(write) = self.step(upstream, downstream).write {
            let (StatusWrite::Status { patch, .. } | StatusWrite::Annotations(patch)) = &write;
            json_patch::merge(upstream, patch);
            writes.push(write);
            assert!(writes.len() <= 2, "never quiet: {writes:#?}");
        }
        writes
    }
}

fn deployments() -> World {
    World::of("apps", "deployments")
}

fn copy(upstream: &Value) -> Value {
    let text = share::annotation(upstream, share::COPY, KEY);
    text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

#[test]
fn alone_the_status_goes_up_as_it_is() {
    let below = json!({"observedGeneration": 3, "replicas": 2, "readyReplicas": 2, "conditions": [
        {"type": "Progressing", "status": "True", "message": "in kcp-33jbiactwhg0"}]});
    let mut object = upstream(&[], json!({"replicas": 5, "gone": {"a": 1}, "conditions": []}));
    let step = deployments().step(&object, Some(&downstream(7, 3, below.clone())));
    let Some(StatusWrite::Status { patch, .. }) = step.write else { panic!() };
    let expected = json!({"metadata": {"uid": "u1"}, "status": {
        "observedGeneration": 7, "replicas": 2, "readyReplicas": 2, "gone": null,
        "conditions": [{"type": "Progressing", "status": "True", "message": "in shop"}],
    }});
    assert_eq!(patch, expected);
    assert_eq!(deployments().settle(&mut object, Some(&downstream(7, 3, below))).len(), 1);
    assert_eq!(object["status"].get("gone"), None);
}

#[test]
fn the_generation_is_said_when_it_is_seen_and_never_before() {
    // Source generation, generation and observed below; what was said above; what is said.
    for (source, below, seen, before, said) in [
        (7, 3, json!(3), json!(5), json!(7)),
        (6, 3, json!(3), json!(5), json!(5)),
        (7, 3, json!(2), json!(5), json!(5)),
        (7, 3, json!(9), json!(5), json!(5)),
        (8, 3, json!(3), json!(5), json!(5)),
        (6, 3, json!(3), Value::Null, Value::Null),
        (6, 3, json!(3), json!(99), Value::Null),
        (7, 3, json!(3), json!(99), json!(7)),
        (7, 3, json!("3"), json!(5), json!(5)),
        (7, 3, Value::Null, json!(5), json!(5)),
    ] {
        let below = downstream(source, below, json!({"observedGeneration": seen, "replicas": 1}));
        let mut alone = upstream(&[], json!({"observedGeneration": before}));
        deployments().settle(&mut alone, Some(&below));
        assert_eq!(alone["status"]["observedGeneration"], said, "{below} after {before}");
        let mut among = upstream(&["b"], json!({}));
        let text = json!({"status": {"observedGeneration": before}}).to_string();
        among["metadata"]["annotations"] = json!({format!("{}{KEY}", share::COPY): text});
        deployments().settle(&mut among, Some(&below));
        assert_eq!(copy(&among)["status"]["observedGeneration"], said, "{below} after {before}");
    }
}

#[test]
fn among_several_each_writes_its_share_alone() {
    let mut object = upstream(&["b"], json!({"replicas": 9}));
    object["metadata"]["annotations"] = json!({"diff.syncer.internal.kcp.io/b": "{\"status\":{}}"});
    let below = downstream(7, 1, json!({"observedGeneration": 1, "replicas": 2}));
    let writes = deployments().settle(&mut object, Some(&below));
    assert!(matches!(&writes[..], [StatusWrite::Annotations(_)]));
    assert_eq!(copy(&object), json!({"status": {"observedGeneration": 7, "replicas": 2}}));
    assert_eq!(object["status"], json!({"replicas": 9}), "is the combiner's");
    // Gone below, it has no share.
    assert_eq!(deployments().settle(&mut object, None).len(), 1);
    assert_eq!(copy(&object), Value::Null);
    // Alone again, the status is written and no share is left.
    deployments().settle(&mut object, Some(&below));
    object["metadata"]["finalizers"].as_array_mut().unwrap().pop();
    assert_eq!(deployments().settle(&mut object, Some(&below)).len(), 2);
    assert_eq!((copy(&object), &object["status"]["replicas"]), (Value::Null, &json!(2)));
    assert_eq!(
        object["metadata"]["annotations"],
        json!({"diff.syncer.internal.kcp.io/b": "{\"status\":{}}"})
    );
}

#[test]
fn an_object_that_is_not_ours_is_never_written() {
    let mut object = upstream(&[], json!({}));
    let below = downstream(7, 1, json!({"replicas": 2}));
    for finalizers in [json!([]), Value::Null, json!(["workload.kcp.io/syncer-b"]), json!([KEY])] {
        object["metadata"]["finalizers"] = finalizers;
        assert_eq!(deployments().step(&object, Some(&below)), Step::default());
    }
}

#[test]
fn addresses_go_up_by_flag_and_where_kubernetes_takes_them() {
    let below = downstream(7, 1, json!({"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}));
    for (resource, service, flag, told) in [
        ("services", "LoadBalancer", true, true),
        ("services", "LoadBalancer", false, false),
        ("services", "ClusterIP", true, false),
        ("ingresses", "", true, true),
        ("ingresses", "", false, false),
    ] {
        let group = if resource == "services" { "" } else { "networking.k8s.io" };
        let world = World { load_balancer: flag, ..World::of(group, resource) };
        let mut object = upstream(&[], json!({"loadBalancer": {}}));
        object["spec"] = json!({"type": service});
        assert_eq!(
            world.settle(&mut object, Some(&below)).len(),
            usize::from(told),
            "{resource} {service} {flag}"
        );
    }
}

#[test]
fn a_job_takes_nothing_back() {
    let world = World::of("batch", "jobs");
    let there = json!({"succeeded": 2, "failed": 1, "startTime": "2026-01-01T00:00:00Z", "active": 1});
    let mut object = upstream(&[], there);
    let below = json!({"succeeded": 1, "failed": 3, "startTime": "2026-02-02T00:00:00Z",
        "uncountedTerminatedPods": {"succeeded": ["uid"]}});
    world.settle(&mut object, Some(&downstream(7, 1, below)));
    let said = json!({"succeeded": 2, "failed": 3, "startTime": "2026-01-01T00:00:00Z"});
    assert_eq!(object["status"], said);
    object["status"]["conditions"] = json!([{"type": "Complete", "status": "True"}]);
    let other = downstream(7, 1, json!({"active": 3, "succeeded": 9}));
    assert_eq!(world.settle(&mut object, Some(&other)), [], "it is final");
}

#[test]
fn what_is_wrong_is_said_once_and_taken_back() {
    let state = SyncState::new(State::Conflict, "FieldConflict", &"x".repeat(1000));
    let below = downstream(7, 1, json!({"replicas": 2}));
    let mut world = World { state: Some(state), ..deployments() };
    // Alone it is a condition, without what a Deployment's conditions do not have.
    let mut object = upstream(&[], json!({}));
    assert_eq!(world.settle(&mut object, Some(&below)).len(), 1);
    let condition = &object["status"]["conditions"][0];
    assert_eq!(condition["type"], "workload.kcp.io/sync-state-6ohB8yeX");
    assert_eq!((&condition["status"], condition.get("observedGeneration")), (&json!("False"), None));
    // Among several, and of a kind without conditions, it is an annotation.
    for (group, resource, others) in [("apps", "deployments", &["b"][..]), ("", "configmaps", &[])] {
        let world = World { state: world.state.clone(), ..World::of(group, resource) };
        let mut object = upstream(others, Value::Null);
        assert_eq!(world.settle(&mut object, None).len(), 1);
        let text = share::annotation(&object, share::SYNC_STATE, KEY).unwrap();
        let said: Value = serde_json::from_str(text).unwrap();
        assert_eq!((&said["state"], &said["observedGeneration"]), (&json!("Conflict"), &json!(7)));
        assert_eq!(said["message"].as_str().unwrap().len(), 256);
        let well = World::of(group, resource);
        assert_eq!(well.settle(&mut object, None).len(), 1);
        assert_eq!(share::annotation(&object, share::SYNC_STATE, KEY), None);
    }
    world.state = None;
    world.settle(&mut object, Some(&below));
    assert_eq!(object["status"], json!({"replicas": 2}));
}

#[test]
fn what_is_too_large_or_malformed_is_named_and_changes_nothing_else() {
    let world = World::of("example.com", "widgets");
    for others in [&[][..], &["b"]] {
        let mut object = upstream(others, json!({"size": 1}));
        let below = downstream(7, 1, json!({"size": "x".repeat(1 << 20)}));
        let step = world.step(&object, Some(&below));
        let trouble = step.trouble.unwrap();
        assert_eq!((trouble.reason(), trouble.error_type()), ("StatusTooLarge", "too_large"));
        assert_eq!(world.settle(&mut object, Some(&below)).len(), 1);
        assert!(object.to_string().len() < 2000 && object["status"] == json!({"size": 1}));
    }
    let below = downstream(7, 1, json!({"replicas": "many", "readyReplicas": 1}));
    let step = deployments().step(&upstream(&["b"], json!({})), Some(&below));
    assert_eq!(step.trouble, Some(Trouble::Malformed(vec!["replicas"])));
    let crowd: Vec<_> = (0..20_000).map(|index| index.to_string()).collect();
    let crowd: Vec<_> = crowd.iter().map(String::as_str).collect();
    let step =
        deployments().step(&upstream(&crowd, json!({})), Some(&downstream(7, 1, json!({"replicas": 1}))));
    assert_eq!(step, Step { write: None, trouble: Some(Trouble::NoRoom(20_001)) });
}

#[test]
fn what_a_server_makes_of_it_is_no_difference_until_something_changes() {
    let mut world = deployments();
    let mut object = upstream(&[], json!({}));
    let below = downstream(7, 1, json!({"replicas": 2}));
    let Some(StatusWrite::Status { wanted, .. }) = world.step(&object, Some(&below)).write else { panic!() };
    object["status"] = json!({"replicas": 2, "added": "by the server"});
    assert!(world.step(&object, Some(&below)).write.is_some());
    world.settled = Some(Settled::after(&wanted, &object));
    assert_eq!(world.step(&object, Some(&below)).write, None);
    assert!(world.step(&object, Some(&downstream(7, 1, json!({"replicas": 3})))).write.is_some());
    object["status"]["added"] = json!("by somebody");
    assert!(world.step(&object, Some(&below)).write.is_some());
}

#[test]
fn kinds_without_a_status_get_none() {
    let world = World { subresource: false, ..World::of("", "configmaps") };
    for others in [&[][..], &["b"]] {
        let below = downstream(7, 1, json!({"a": 1}));
        assert_eq!(world.step(&upstream(others, Value::Null), Some(&below)), Step::default());
    }
}
