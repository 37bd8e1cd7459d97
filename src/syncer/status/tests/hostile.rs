//! A hostile cluster reaches nothing but its own share, whatever it writes.

use proptest::prelude::*;
use serde_json::json;

use super::{super::*, KEY, World, copy, downstream, upstream};

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        (0_i64..9).prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("True")),
        Just(json!("x".repeat(9000))),
        Just(json!("workload.kcp.io/StatusComplete")),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let names = vec![
            "replicas",
            "readyReplicas",
            "conditions",
            "type",
            "status",
            "message",
            "observedGeneration",
            "metadata",
            "uid",
            "annotations",
            "finalizers",
            "spec",
            "startTime",
            "succeeded",
            "loadBalancer",
            "ingress",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(names), inner, 0..8).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_hostile_cluster_reaches_nothing_but_its_own_share(
        statuses in prop::collection::vec(anything(), 1..4),
        resource in prop::sample::select(vec![("apps", "deployments"), ("batch", "jobs"), ("", "services"), ("x", "y")]),
        several: bool,
        generations in (5_i64..9, 0_i64..4),
    ) {
        let world = World::of(resource.0, resource.1);
        let mut object = upstream(if several { &["b"] } else { &[] }, json!({"replicas": 1}));
        object["metadata"]["annotations"] = json!({"diff.syncer.internal.kcp.io/b": "theirs", "mine": "mine"});
        let mut observed = 0;
        for status in statuses {
            let before = object.clone();
            world.settle(&mut object, Some(&downstream(generations.0, generations.1, status)));
            let mut after = object.clone();
            for object in [&mut after] {
                if !several {
                    object["status"] = before["status"].clone();
                }
                let names = [share::COPY, share::SYNC_STATE].map(|prefix| format!("{prefix}{KEY}"));
                for name in names {
                    let text = object["metadata"]["annotations"].as_object_mut().unwrap().remove(&name);
                    prop_assert!(text.is_none_or(|text| text.as_str().unwrap().len() <= share::SHARE_BYTES));
                }
            }
            let mut before = before;
            before["metadata"]["annotations"] = json!({"diff.syncer.internal.kcp.io/b": "theirs", "mine": "mine"});
            prop_assert_eq!(after, before);
            prop_assert!(object.to_string().len() <= clean::STATUS_BYTES + 20_000);
            let told = if several { copy(&object)["status"].clone() } else { object["status"].clone() };
            let now = told["observedGeneration"].as_i64().unwrap_or(0);
            prop_assert!(now <= 7, "never ahead of upstream");
            prop_assert!(now >= observed, "never back");
            observed = now;
            let forged = told["conditions"].as_array().into_iter().flatten().any(|said| said["type"] == share::COMPLETE);
            prop_assert!(!forged);
        }
    }
}
