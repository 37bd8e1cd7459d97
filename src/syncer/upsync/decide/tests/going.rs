//! Volumes and Endpoints, and copies that have to go before what they show is shown.

use super::*;

#[test]
fn volumes_and_endpoints() {
    let mut world = World::new("persistentvolumes", "PersistentVolume");
    let claim =
        json!({"namespace": "kcp-33jbiactwhg0", "name": "data", "uid": "below", "resourceVersion": "7"});
    let volume = json!({
        "metadata": {"uid": "d1", "annotations": {"pv.kubernetes.io/provisioned-by": "csi.example.com", "note": "n"}},
        "spec": {"capacity": {"storage": "1Gi"}, "claimRef": claim, "persistentVolumeReclaimPolicy": "Delete"},
        "status": {"phase": "Bound"},
    });
    let kind = Kind {
        group: String::new(),
        version: "v1".into(),
        resource: "persistentvolumes".into(),
        kind: "PersistentVolume".into(),
        namespaced: false,
    };
    assert_eq!(namespace_of(&kind, &volume), Some("kcp-33jbiactwhg0"));
    assert_eq!(namespace_of(&kind, &json!({"metadata": {"namespace": "x"}})), None);
    world.put(false, "pv-1", volume);
    world.see();
    world.settle(false);
    let copy = &world.upstream["pv-1"];
    assert_eq!(copy["spec"]["claimRef"], json!({"namespace": "shop", "name": "data"}));
    assert_eq!(copy["spec"]["persistentVolumeReclaimPolicy"], "Retain");
    let annotations: Vec<_> = copy["metadata"]["annotations"].as_object().unwrap().keys().collect();
    assert_eq!(annotations, ["note", HASH, OWNER], "no provisioner finds it");
    assert_eq!(
        (&world.requests[0].path, &copy["status"]["phase"]),
        (&"/api/v1/persistentvolumes?fieldManager=m".to_owned(), &json!("Bound"))
    );

    let mut world = World::new("endpoints", "Endpoints");
    world.put(
        false,
        "web",
        json!({"metadata": {"uid": "d1"}, "subsets": [{"addresses": [{"ip": "10.0.0.1"}]}]}),
    );
    world.see();
    world.settle(false);
    assert_eq!(
        (&world.upstream["web"]["subsets"][0]["addresses"][0]["ip"], world.requests.len()),
        (&json!("10.0.0.1"), 1)
    );
    world.put(false, "web", json!({"metadata": {"uid": "d1"}}));
    world.see();
    world.settle(false);
    assert_eq!(world.upstream["web"].get("subsets"), None);
}

fn copy_of(world: &World) -> Value {
    world.upstream["x"].clone()
}

#[test]
fn the_protection_of_a_bound_volume_does_not_keep_its_copy() {
    let mut world = World::new("persistentvolumes", "PersistentVolume");
    let claim = json!({"namespace": "kcp-33jbiactwhg0", "name": "data"});
    world.put(false, "x", json!({"metadata": {"uid": "d1"}, "spec": {"claimRef": claim}}));
    world.see();
    world.settle(false);
    let mut deleted = copy_of(&world);
    deleted["metadata"]["deletionTimestamp"] = "2026-03-01T00:00:00Z".into();
    deleted["metadata"]["finalizers"] = json!(["example.com/held", PROTECTION]);
    world.upstream.insert("x".to_owned(), deleted.clone());
    for released in [true, false] {
        let Step::Update(patch) = world.decide("x", released) else { panic!() };
        let meta = &patch["metadata"];
        assert_eq!(meta["finalizers"], json!(["example.com/held"]), "others stay");
        assert_eq!((&meta["uid"], patch.as_object().unwrap().len()), (&deleted["metadata"]["uid"], 1));
    }
    deleted["metadata"]["finalizers"] = json!(["example.com/held"]);
    world.upstream.insert("x".to_owned(), deleted);
    assert_eq!([true, false].map(|released| world.decide("x", released)), [Step::Nothing, Step::Nothing]);
}

#[test]
fn a_copy_that_cannot_be_changed_goes() {
    let mut world = pods();
    world.put(false, "x", pod("d1", "a", "Running"));
    world.see();
    world.settle(false);
    let (copy, kind) = (copy_of(&world), crate::syncer::config::Upsync::Pods.kind());
    let namespace = Namespace { upstream: "shop", downstream: "kcp-33jbiactwhg0" };
    let context = |stuck| Context {
        key: KEY,
        target: "target-uid",
        kind: &kind,
        namespace,
        name: "x",
        copies: 1,
        settled: None,
        stuck,
    };
    let original = |image: &str| {
        let mut original = pod("d1", image, "Running");
        original["metadata"]["name"] = "x".into();
        original["metadata"]["namespace"] = "kcp-33jbiactwhg0".into();
        original
    };
    let step = |image: &str, stuck| decide(Some(&copy), Below::Found(&original(image)), &context(stuck));
    assert!(matches!(step("b", false), Step::Update(_)));
    assert!(matches!(step("b", true), Step::Delete(_)));
    assert!(!matches!(step("a", true), Step::Delete(_)), "it is as it should be");
}
