//! What is wrong with an object on this target: a condition where the object has some and is this target's alone,
//! else an annotation. An object that is well says nothing.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::api::share::{COMPLETE, SYNC_STATE_CONDITION, clean::cut};

/// Bytes of a message.
const MESSAGE: usize = 256;
const REASON: usize = 64;
/// Characters of the key in a condition's type.
const SHORT_KEY: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Pending,
    Error,
    Conflict,
    Drifted,
    Deleting,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Error => "Error",
            Self::Conflict => "Conflict",
            Self::Drifted => "Drifted",
            Self::Deleting => "Deleting",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncState {
    pub state: State,
    /// In CamelCase.
    reason: String,
    message: String,
}

impl SyncState {
    /// `reason` in CamelCase; `message` for people, cut to 256 bytes, without anything that may be secret.
    pub fn new(state: State, reason: &str, message: &str) -> Self {
        Self { state, reason: cut(reason, REASON).to_owned(), message: cut(message, MESSAGE).to_owned() }
    }

    /// Without its message, where there is no room for it.
    pub(super) fn brief(mut self, brief: bool) -> Self {
        if brief {
            self.message.clear();
        }
        self
    }

    /// The text of the annotation.
    pub(super) fn annotation(&self, generation: Option<i64>) -> String {
        let mut members = json!({"state": self.state.name(), "reason": self.reason, "message": self.message});
        if let Some(generation) = generation {
            members["observedGeneration"] = generation.into();
        }
        members.to_string()
    }

    fn condition(&self, kind: &str, known: &Value, generation: Option<i64>, now: Timestamp) -> Value {
        let mut conditions = known.as_array().into_iter().flatten();
        let known = conditions.find(|condition| condition["type"] == kind && condition["status"] == "False");
        let since = known.and_then(|known| known["lastTransitionTime"].as_str().map(str::to_owned));
        let since = since.unwrap_or_else(|| now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let mut condition = json!({
            "type": kind, "status": "False", "reason": self.reason, "lastTransitionTime": since,
            "message": format!("{}: {}", self.state.name(), self.message),
        });
        if let Some(generation) = generation {
            condition["observedGeneration"] = generation.into();
        }
        condition
    }
}

/// Takes out the conditions that only we say: a cluster that says them itself does not know them from us.
pub(in crate::syncer) fn drop_ours(status: &mut Map<String, Value>) {
    let is_ours = |condition: &Value| {
        let kind = condition["type"].as_str();
        kind.is_some_and(|kind| kind == COMPLETE || kind.starts_with(SYNC_STATE_CONDITION))
    };
    if let Some(Value::Array(conditions)) = status.get_mut("conditions") {
        conditions.retain(|condition| !is_ours(condition));
    }
}

/// Makes the condition of this target say `state`, and that of any other target say nothing: it is not its object
/// any more. `generation` for conditions that have one.
pub(super) fn set_condition(
    state: Option<&SyncState>,
    key: &str,
    known: &Value,
    generation: Option<i64>,
    now: Timestamp,
    status: &mut Map<String, Value>,
) {
    drop_ours(status);
    let Some(state) = state else { return };
    let kind = format!("{SYNC_STATE_CONDITION}{}", cut(key, SHORT_KEY));
    let condition = state.condition(&kind, known, generation, now);
    let conditions = status.entry("conditions").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(conditions) = conditions {
        conditions.push(condition);
    }
}
