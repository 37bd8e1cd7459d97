//! What is below is shown above, whatever gets lost on the way; and nothing else above is touched.

mod going;

use proptest::prelude::*;

use super::{
    owner::{HASH, OWNER, STATE},
    simulated::{Fate, KEY, Live, World},
    *,
};

fn pod(uid: &str, image: &str, phase: &str) -> Value {
    json!({
        "metadata": {
            "uid": uid, "generation": 4, "ownerReferences": [{"uid": "below"}], "finalizers": ["below"],
            "labels": {"app": "web", "internal.workload.kcp.io/cluster": KEY},
            "annotations": {"note": "n", "workload.kcp.io/owner": "o"},
        },
        "spec": {"containers": [{"image": image}], "ephemeralContainers": [], "nodeName": "n1", "priority": 0},
        "status": {"phase": phase, "observedGeneration": 4, "message": "in kcp-33jbiactwhg0",
            "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 4}]},
    })
}

fn pods() -> World {
    World::new("pods", "Pod")
}

#[test]
fn a_pod_is_shown_with_its_status_and_goes_when_it_is_gone() {
    let mut world = pods();
    world.put(false, "web-1", pod("d1", "a", "Running"));
    world.see();
    world.settle(false);
    assert_eq!(world.requests.len(), 2, "created, and its status told");
    let paths: Vec<_> =
        world.requests.iter().map(|request| format!("{:?} {}", request.action, request.path)).collect();
    assert_eq!(
        paths,
        [
            "Create /api/v1/namespaces/shop/pods?fieldManager=m",
            "Merge /api/v1/namespaces/shop/pods/web-1/status?fieldManager=m"
        ]
    );
    let copy = world.upstream["web-1"].clone();
    let meta = &copy["metadata"];
    assert_eq!(meta["labels"], json!({"app": "web", format!("{STATE}{KEY}"): UPSYNC}));
    let annotations: Vec<_> = meta["annotations"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(annotations, ["note", HASH, OWNER]);
    assert_eq!(
        (&meta["namespace"], meta.get("finalizers"), meta.get("ownerReferences")),
        (&json!("shop"), None, None)
    );
    let inert = json!({"containers": [{"image": "a"}], "schedulerName": "upsync.workload.kcp.io", "automountServiceAccountToken": false});
    assert_eq!(copy["spec"], inert, "nothing upstream acts on it");
    assert_eq!(
        (&copy["status"]["phase"], &copy["status"]["message"]),
        (&json!("Running"), &json!("in shop"))
    );
    assert!(!copy["status"].to_string().contains("observedGeneration"));

    world.put(false, "web-1", pod("d1", "b", "Failed"));
    world.see();
    world.settle(false);
    let copy = &world.upstream["web-1"];
    assert_eq!(
        (&copy["spec"]["containers"][0]["image"], &copy["status"]["phase"]),
        (&json!("b"), &json!("Failed"))
    );
    let asked = world.requests.len();
    world.settle(false);
    assert_eq!(world.requests.len(), asked, "nothing changed");

    // Another Pod of that name is another copy.
    let before = world.upstream["web-1"]["metadata"]["uid"].clone();
    world.put(false, "web-1", pod("d2", "b", "Running"));
    world.see();
    world.settle(false);
    assert_ne!(world.upstream["web-1"]["metadata"]["uid"], before);
    world.downstream.clear();
    world.see();
    world.settle(false);
    assert!(world.upstream.is_empty());
    let delete = world.requests.last().unwrap();
    assert_eq!((delete.action, &delete.body["gracePeriodSeconds"]), (Action::Delete, &json!(0)));
}

#[test]
fn an_empty_cache_deletes_nothing() {
    let mut world = pods();
    world.put(false, "web-1", pod("d1", "a", "Running"));
    world.see();
    world.settle(false);
    let there = world.upstream.clone();
    world.cache.clear();
    world.settle(false);
    assert_eq!(world.upstream, there, "the live read finds it");
    world.downstream.clear();
    world.live = Live::Broken;
    world.settle(false);
    assert_eq!((&world.upstream, world.decide("web-1", false)), (&there, Step::Prove), "nothing is proven");
    world.live = Live::Works;
    world.settle(false);
    assert!(world.upstream.is_empty());
}

#[test]
fn what_is_not_ours_is_never_touched() {
    let owner = |target: &str, name: &str| {
        json!({"syncTargetUID": target, "namespace": "kcp-33jbiactwhg0", "name": name, "uid": "d1"})
            .to_string()
    };
    let label = format!("{STATE}{KEY}");
    for (labels, annotations) in [
        (json!({}), json!({})),
        (json!({&label: UPSYNC}), json!({})),
        (json!({}), json!({OWNER: owner("target-uid", "web-1")})),
        (json!({&label: "Sync"}), json!({OWNER: owner("target-uid", "web-1")})),
        (json!({&label: UPSYNC}), json!({OWNER: owner("another", "web-1")})),
        (json!({&label: UPSYNC}), json!({OWNER: owner("target-uid", "web-2")})),
        (json!({&label: UPSYNC}), json!({OWNER: "{"})),
        (json!({format!("{STATE}another"): UPSYNC}), json!({OWNER: owner("target-uid", "web-1")})),
    ] {
        let mut world = pods();
        world.put(
            true,
            "web-1",
            json!({"metadata": {"uid": "theirs", "labels": labels, "annotations": annotations}}),
        );
        let before = world.upstream.clone();
        world.settle(false);
        world.settle(true);
        world.put(false, "web-1", pod("d1", "a", "Running"));
        world.see();
        world.settle(false);
        assert_eq!((&world.upstream, world.requests.len()), (&before, 0));
        assert_eq!(world.decide("web-1", false), Step::Refused(Refusal::Taken));
    }
}

#[test]
fn only_three_kinds_can_be_asked_for() {
    let of = |group: &str, resource: &str| Kind {
        group: group.into(),
        version: "v1".into(),
        resource: resource.into(),
        kind: "K".into(),
        namespaced: true,
    };
    assert!(["pods", "endpoints", "persistentvolumes"].iter().all(|resource| admits(&of("", resource))));
    assert!(![of("", "secrets"), of("apps", "pods"), of("", "services")].iter().any(admits));
}

#[test]
fn what_is_too_large_or_too_much_is_named() {
    let mut world = pods();
    let mut large = pod("d1", "a", "Running");
    large["spec"]["text"] = "x".repeat(1 << 20).into();
    world.put(false, "web-1", large);
    let mut large = pod("d1", "a", "Running");
    large["status"]["text"] = "x".repeat(1 << 20).into();
    world.put(false, "web-2", large);
    world.see();
    world.settle(false);
    assert_eq!(world.upstream.len(), 0, "an object is shown whole or not at all");
    for name in ["web-1", "web-2"] {
        let Step::Refused(refusal) = world.decide(name, false) else { panic!() };
        assert_eq!((refusal.reason(), refusal.error_type()), ("StatusTooLarge", ErrorType::StatusFailed));
    }
    let kind = Kind {
        group: String::new(),
        version: "v1".into(),
        resource: "pods".into(),
        kind: "Pod".into(),
        namespaced: true,
    };
    let namespace = Namespace { upstream: "shop", downstream: "below" };
    let context = Context {
        key: KEY,
        target: "t",
        kind: &kind,
        namespace,
        name: "x",
        copies: MOST,
        settled: None,
        stuck: false,
    };
    assert_eq!(
        decide(None, Below::Found(&pod("d", "a", "Running")), &context),
        Step::Refused(Refusal::TooMany)
    );
}

#[derive(Clone, Debug)]
enum Act {
    Put(usize, usize, bool),
    Remove(usize),
    See,
    Blind,
    Live(bool),
    Pass(usize, Fate),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let fate = prop::sample::select(vec![Fate::Answered, Fate::Lost, Fate::AnswerLost]);
    prop::collection::vec(
        prop_oneof![
            (0_usize..3, 0_usize..3, any::<bool>()).prop_map(|(name, image, new)| Act::Put(name, image, new)),
            (0_usize..3).prop_map(Act::Remove),
            Just(Act::See),
            Just(Act::Blind),
            any::<bool>().prop_map(Act::Live),
            (0_usize..3, fate).prop_map(|(name, fate)| Act::Pass(name, fate)),
        ],
        0..60,
    )
}

proptest! {
    /// I1, I5, I6, I8 for copies: whatever is lost, it ends as if nothing had been, and theirs stays theirs.
    #[test]
    fn it_converges_and_touches_nothing_else(acts in acts()) {
        let mut world = pods();
        let names = ["web-0", "web-1", "taken"];
        world.put(true, "taken", json!({"metadata": {"uid": "theirs"}, "spec": {"theirs": true}}));
        let theirs = world.upstream["taken"].clone();
        let mut made = 0;
        for act in acts {
            match act {
                Act::Put(name, image, new) => {
                    made += u64::from(new);
                    world.put(false, names[name], pod(&format!("d{made}"), &image.to_string(), "Running"));
                }
                Act::Remove(name) => drop(world.downstream.remove(names[name])),
                Act::See => world.see(),
                Act::Blind => world.cache.clear(),
                Act::Live(works) => world.live = if works { Live::Works } else { Live::Broken },
                Act::Pass(name, fate) => {
                    let (blind, before) = (world.live == Live::Broken, world.upstream.clone());
                    let seen = world.cache.contains_key(names[name]);
                    world.pass(names[name], false, fate);
                    if blind && !seen {
                        prop_assert_eq!(&world.upstream, &before, "nothing is proven");
                    }
                }
            }
            prop_assert_eq!(&world.upstream["taken"], &theirs);
        }
        world.live = Live::Works;
        world.see();
        world.settle(false);
        for name in &names[..2] {
            let (copy, original) = (world.upstream.get(*name), world.downstream.get(*name));
            prop_assert_eq!(copy.is_some(), original.is_some());
            if let (Some(copy), Some(original)) = (copy, original) {
                prop_assert_eq!(&copy["spec"]["containers"], &original["spec"]["containers"]);
                prop_assert_eq!(&copy["status"]["phase"], &original["status"]["phase"]);
                prop_assert!(owner::is_of(copy, original));
            }
        }
        prop_assert_eq!(&world.upstream["taken"], &theirs);
        world.settle(true);
        prop_assert_eq!(world.upstream.keys().collect::<Vec<_>>(), ["taken"], "given up, no copy is left");
    }
}
