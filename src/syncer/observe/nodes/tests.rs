//! What nodes say, and what they have in all.

use serde_json::{Value, json};

use super::*;
use crate::informers::ObjectMeta;

fn node(name: &str, ready: &str, unschedulable: bool, capacity: &Value, allocatable: &Value) -> Node {
    let json = json!({
        "spec": {"unschedulable": unschedulable},
        "status": {
            "capacity": capacity, "allocatable": allocatable,
            "conditions": [{"type": "MemoryPressure", "status": "True"}, {"type": "Ready", "status": ready}],
        },
    });
    let meta = ObjectMeta { name: name.into(), ..ObjectMeta::default() };
    Node::read(RawObject { meta, json: serde_json::from_value(json).unwrap() })
}

fn shown(amounts: &Amounts) -> Vec<String> {
    amounts.iter().map(|(name, amount)| format!("{name}={}", amount.0)).collect()
}

#[test]
fn amounts_are_added_exactly_and_written_as_they_were() {
    for (amounts, sum) in [
        (vec!["4", "8"], "12"),
        (vec!["500m", "500m"], "1"),
        (vec!["1930m", "1930m", "1930m"], "5790m"),
        (vec!["16393244Ki", "16393244Ki"], "32786488Ki"),
        (vec!["8Gi", "8Gi"], "16Gi"),
        (vec!["1Gi", "1Mi"], "1025Mi"),
        (vec!["1000", "24Ki"], "25576"),
        (vec!["0", "1Ki"], "1Ki"),
        (vec!["110", "110"], "220"),
        (vec!["100m", "0.1", "1e2"], "100200m"),
        // A terabyte to the byte, a thousand times.
        (vec!["1099511627777"; 1000], "1099511627777k"),
        (vec!["nonsense", "3"], "3"),
    ] {
        let nodes = amounts.iter().enumerate().map(|(at, amount)| {
            let list = json!({"cpu": amount});
            node(&at.to_string(), "True", false, &list, &list)
        });
        let mut all = Nodes::default();
        all.reset(nodes.collect());
        assert_eq!(shown(&all.capacity()), [format!("cpu={sum}")], "{amounts:?}");
        assert_eq!(all.capacity(), all.allocatable());
    }
}

#[test]
fn work_can_use_only_nodes_that_take_it() {
    let mut nodes = Nodes::default();
    let lists = (json!({"cpu": "4", "memory": "8Gi"}), json!({"cpu": "3500m"}));
    let one = |name: &str, ready: &str, unschedulable| node(name, ready, unschedulable, &lists.0, &lists.1);
    nodes.reset(vec![one("a", "True", false), one("b", "Unknown", false), one("c", "True", true)]);
    assert_eq!(nodes.summary(), NodeSummary { total: 3, ready: 2 });
    assert_eq!(shown(&nodes.capacity()), ["cpu=12", "memory=24Gi"]);
    assert_eq!(shown(&nodes.allocatable()), ["cpu=3500m"]);
    nodes.apply(one("b", "True", false));
    assert_eq!(nodes.summary(), NodeSummary { total: 3, ready: 3 });
    assert_eq!(shown(&nodes.allocatable()), ["cpu=7"]);
    nodes.delete(&one("a", "True", false));
    nodes.delete(&one("a", "True", false));
    assert_eq!(nodes.summary(), NodeSummary { total: 2, ready: 2 });
}

#[test]
fn a_node_that_says_nothing_is_a_node_all_the_same() {
    let strange = [json!({}), json!([]), json!({"status": {"capacity": ["cpu"], "conditions": {}}})];
    let mut nodes = Nodes::default();
    nodes.reset(
        strange
            .into_iter()
            .enumerate()
            .map(|(at, json)| {
                let meta = ObjectMeta { name: at.to_string(), ..ObjectMeta::default() };
                Node::read(RawObject { meta, json: serde_json::from_value(json).unwrap() })
            })
            .collect(),
    );
    assert_eq!(nodes.summary(), NodeSummary { total: 3, ready: 0 });
    assert!(nodes.capacity().is_empty());
    let many: serde_json::Map<String, Value> =
        (0..100).map(|at| (format!("x.io/{at}"), json!("1"))).collect();
    nodes.apply(node("many", "True", false, &many.clone().into(), &many.into()));
    assert_eq!(nodes.capacity().len(), RESOURCES);
}
