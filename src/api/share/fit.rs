//! A status cut down to its counters, where there is no room for all of it.

use serde_json::{Map, Value};

/// Bytes of a member that is told along.
const SHORT: usize = 256;
/// Conditions that are told along.
const CONDITIONS: usize = 16;

/// And whether something is left out but words.
pub(super) fn counters(status: &Map<String, Value>) -> (Map<String, Value>, bool) {
    let mut partial = false;
    let mut kept = Map::new();
    for (name, value) in status {
        match value {
            Value::Array(conditions) if name == "conditions" => {
                partial |= conditions.len() > CONDITIONS;
                let brief = conditions.iter().take(CONDITIONS).filter_map(condition).collect();
                kept.insert(name.clone(), brief);
            }
            value if value.to_string().len() <= SHORT => drop(kept.insert(name.clone(), value.clone())),
            _ => partial = true,
        }
    }
    (kept, partial)
}

/// Without its words and times.
fn condition(condition: &Value) -> Option<Value> {
    let brief = ["type", "status", "reason"]
        .into_iter()
        .filter_map(|member| Some((member.to_owned(), condition.get(member)?.clone())));
    condition["type"].as_str()?;
    Some(Value::Object(brief.collect()))
}
