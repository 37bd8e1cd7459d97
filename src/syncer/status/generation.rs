//! Generations are counted on each side alone. Upstream's is said only where the object below is made from it and
//! its controller has seen that; else what was said before stays.

use serde_json::{Map, Value};

use crate::syncer::ownership;

const OBSERVED: &str = "observedGeneration";

/// `previous` is what was told before. What is told never exceeds the generation upstream, and never goes back.
pub(super) fn translate(
    upstream: &Value,
    downstream: &Value,
    previous: Option<&Map<String, Value>>,
    status: &mut Map<String, Value>,
) {
    let generation = upstream["metadata"]["generation"].as_i64();
    let applied = ownership::source_generation(downstream).filter(|source| Some(*source) == generation);
    let below = downstream["metadata"]["generation"].as_i64();
    let seen = |observed: Option<i64>, previous: Option<i64>| {
        let now = applied.filter(|_| observed.is_some() && observed == below);
        now.or(previous).filter(|seen| generation.is_some_and(|generation| *seen <= generation))
    };
    let told = |previous: Option<&Value>| previous.and_then(|previous| previous.get(OBSERVED)?.as_i64());
    let known = previous.and_then(|previous| previous.get(OBSERVED)?.as_i64());
    let observed = status.get(OBSERVED).and_then(Value::as_i64);
    set(status, seen(observed, known));
    let before = previous.and_then(|previous| previous.get("conditions")?.as_array());
    let Some(Value::Array(conditions)) = status.get_mut("conditions") else { return };
    for condition in conditions.iter_mut().filter_map(Value::as_object_mut) {
        let Some(observed) = condition.get(OBSERVED).map(Value::as_i64) else { continue };
        let before = before.into_iter().flatten().find(|before| condition.get("type") == before.get("type"));
        set(condition, seen(observed, told(before)));
    }
}

fn set(members: &mut Map<String, Value>, generation: Option<i64>) {
    match generation {
        Some(generation) => drop(members.insert(OBSERVED.to_owned(), generation.into())),
        None => drop(members.remove(OBSERVED)),
    }
}
