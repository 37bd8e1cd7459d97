//! What Kubernetes lets nobody take back: the status that is there and the one that is wanted become one that a
//! server takes, also where another target tells it now.

use serde_json::{Map, Value};

use super::shape::{Part, Shape};

/// Once they are true they stay so.
const TERMINAL: [&str; 4] = ["Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"];

/// Whether an object's status has become final: nothing of it changes any more.
pub fn is_final(shape: Option<&Shape>, status: &Value) -> bool {
    is_job(shape) && ["Complete", "Failed"].iter().any(|kind| is_true(&status["conditions"], kind))
}

/// Keeps in `wanted` what has to stay of `there`. `suspended`: the spec says so.
pub fn hold(shape: Option<&Shape>, there: &Value, suspended: bool, wanted: &mut Map<String, Value>) {
    for (name, _) in
        shape.into_iter().flat_map(|shape| shape.members).filter(|(_, part)| *part == Part::Rising)
    {
        let known =
            there[name].as_i64().filter(|known| wanted.get(*name).and_then(Value::as_i64) < Some(*known));
        if let Some(known) = known {
            wanted.insert((*name).to_owned(), known.into());
        }
    }
    if is_job(shape) {
        hold_job(there, suspended, wanted);
    }
}

fn is_job(shape: Option<&Shape>) -> bool {
    shape.is_some_and(|shape| shape.group == "batch" && shape.resource == "jobs")
}

fn hold_job(there: &Value, suspended: bool, wanted: &mut Map<String, Value>) {
    let started = there["startTime"].is_string() && !suspended;
    for (name, held) in [("startTime", started), ("completionTime", there["completionTime"].is_string())] {
        if held {
            wanted.insert(name.to_owned(), there[name].clone());
        }
    }
    for kind in TERMINAL {
        let held = there["conditions"].as_array().into_iter().flatten();
        let Some(held) = held.into_iter().find(|held| held["type"] == kind && held["status"] == "True")
        else {
            continue;
        };
        let conditions = wanted.entry("conditions").or_insert_with(|| Value::Array(Vec::new()));
        let Value::Array(conditions) = conditions else { continue };
        match conditions.iter_mut().find(|condition| condition["type"] == kind) {
            Some(condition) if condition["status"] == "True" => {}
            Some(condition) => *condition = held.clone(),
            None => conditions.push(held.clone()),
        }
    }
}

/// Whether the condition is there and true.
pub fn is_true(conditions: &Value, kind: &str) -> bool {
    let mut conditions = conditions.as_array().into_iter().flatten();
    conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
}
