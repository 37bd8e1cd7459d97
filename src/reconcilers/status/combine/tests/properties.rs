//! Sums are those of the targets there are, whoever tells first and whatever a hostile one tells.

use proptest::prelude::*;
use serde_json::json;

use super::{super::*, object, said, says, targets};

fn shares() -> impl Strategy<Value = Vec<(Option<Value>, bool)>> {
    let status = (0_i64..9, 0_i64..5, 0_i64..5, prop::sample::select(vec!["True", "False", "Unknown"]));
    let share = status.prop_map(|(observed, replicas, ready, available)| {
        json!({"observedGeneration": observed, "replicas": replicas, "readyReplicas": ready.min(replicas),
            "conditions": [said("Available", available, "R")]})
    });
    prop::collection::vec((prop::option::weighted(0.8, share), prop::bool::weighted(0.8)), 2..8)
}

proptest! {
    /// I12.
    #[test]
    fn sums_are_those_of_the_targets_there_are(
        shares in shares(), turn in 0_usize..8, resource in prop::sample::select(vec!["deployments", "replicasets", "statefulsets"]),
        before in 0_i64..8,
    ) {
        let there: BTreeMap<_, _> = shares.iter().enumerate().filter(|(_, (_, is_there))| *is_there)
            .map(|(index, _)| (index.to_string(), Target { name: format!("t{index}"), silent: false })).collect();
        let names: Vec<_> = (0..shares.len()).map(|index| index.to_string()).collect();
        let told: Vec<_> = names.iter().map(String::as_str).zip(shares.iter().map(|(share, _)| share.clone())).collect();
        let first = object(json!({"observedGeneration": before}), &told);
        let made = |object: &Value| combine("apps", resource, object, &there, Timestamp::UNIX_EPOCH);
        let live = || shares.iter().filter(|(_, is_there)| *is_there).filter_map(|(share, _)| share.as_ref());
        if live().next().is_some() {
            let status = made(&first).map_or(first["status"].clone(), Value::Object);
            for counter in ["replicas", "readyReplicas"] {
                prop_assert_eq!(status[counter].as_i64().unwrap_or(0), live().map(|share| share[counter].as_i64().unwrap()).sum::<i64>());
            }
            let observed = status["observedGeneration"].as_i64().unwrap();
            prop_assert!(observed >= before, "monotone");
            let all = shares.iter().all(|(share, is_there)| *is_there && share.as_ref().is_some_and(|share| share["observedGeneration"] == 7));
            prop_assert_eq!(observed, if all { 7 } else { before });
            let available = says(&status)["Available"];
            prop_assert!(available != "True" || live().all(|share| share["conditions"][0]["status"] == "True"));
            // In whatever order they come, and once it is written nothing is to be written.
            let mut turned = told;
            turned.rotate_left(turn % shares.len());
            let mut second = object(json!({"observedGeneration": before}), &turned);
            prop_assert_eq!(made(&second), made(&first));
            second["status"] = status;
            prop_assert_eq!(made(&second), None);
        }
    }

    #[test]
    fn what_a_hostile_target_tells_changes_no_other_share(text in ".{0,200}", count: i64, kind in 0..share::shape::SHAPES.len()) {
        let shape = &share::shape::SHAPES[kind];
        let members: Map<_, _> = shape.members.iter().map(|(name, _)| ((*name).to_owned(), Value::from(count))).collect();
        for hostile in [text, json!({"status": members}).to_string(), json!({"counters": {"conditions": [{"type": "x y", "status": "True"}]}}).to_string()] {
            let mut object = object(json!({}), &[("a", Some(json!({"replicas": 2, "active": 1}))), ("b", None)]);
            object["metadata"]["annotations"][format!("{}b", share::COPY)] = hostile.into();
            let targets = targets();
            let status = combine(shape.group, shape.resource, &object, &targets, Timestamp::UNIX_EPOCH);
            let status = Value::Object(status.unwrap_or_default());
            prop_assert!(status.to_string().len() < 4096);
            if shape.resource == "deployments" {
                prop_assert!((2..=2 + share::clean::MOST).contains(&status["replicas"].as_i64().unwrap()));
            }
        }
    }
}
