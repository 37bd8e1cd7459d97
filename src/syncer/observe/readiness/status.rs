//! Reads a `status` that nobody vouches for: numbers that do not fit are none, and what is missing is missing.

use jiff::Timestamp;
use serde_json::Value;

use super::super::trouble::Trouble;

/// The status of one object.
pub(super) struct Status<'a> {
    json: &'a Value,
    generation: u64,
}

/// One of its conditions.
pub(super) struct Condition<'a>(&'a Value);

/// A whole number that counts something; less than none is none.
pub(super) fn integer(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_i64().map(|_| 0))
}

/// Floor of the share in percent, for ordering.
pub(super) fn percent(part: u64, whole: u64) -> u8 {
    let share = u128::from(part.min(whole)) * 100 / u128::from(whole.max(1));
    u8::try_from(share).unwrap_or(100)
}

impl<'a> Status<'a> {
    pub(super) fn new(json: &'a Value, generation: Option<u64>) -> Self {
        Self { json, generation: generation.unwrap_or_default() }
    }

    /// Zero if it is not there, as controllers leave it out.
    pub(super) fn count(&self, name: &str) -> u64 {
        self.known(name).unwrap_or_default()
    }

    pub(super) fn known(&self, name: &str) -> Option<u64> {
        integer(&self.json[name])
    }

    pub(super) fn text(&self, name: &str) -> &'a str {
        self.json[name].as_str().unwrap_or_default()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        !self.json[name].is_null()
    }

    /// Whether the controller saw what is asked for now. Kinds that do not tell are taken at their word.
    pub(super) fn is_observed(&self) -> bool {
        self.known("observedGeneration").is_none_or(|observed| observed >= self.generation)
    }

    /// As [`is_observed`](Self::is_observed), for controllers that always tell.
    pub(super) fn was_looked_at(&self) -> bool {
        self.known("observedGeneration").is_some_and(|observed| observed >= self.generation)
    }

    /// Whether the condition is of what is asked for now.
    pub(super) fn knows(&self, condition: &Condition<'_>) -> bool {
        integer(&condition.0["observedGeneration"]).is_none_or(|observed| observed >= self.generation)
    }

    pub(super) fn condition(&self, kind: &str) -> Option<Condition<'a>> {
        let all = self.json["conditions"].as_array()?;
        all.iter().find(|condition| condition["type"] == kind).map(Condition)
    }

    /// The condition, if it has this status.
    pub(super) fn condition_is(&self, kind: &str, status: &str) -> Option<Condition<'a>> {
        self.condition(kind).filter(|condition| condition.0["status"] == status)
    }
}

impl Condition<'_> {
    pub(super) fn is_true(&self) -> bool {
        self.0["status"] == "True"
    }

    fn reason(&self) -> &str {
        self.0["reason"].as_str().unwrap_or_default()
    }

    pub(super) fn since(&self) -> Option<Timestamp> {
        self.0["lastTransitionTime"].as_str()?.parse().ok()
    }

    /// What the condition itself says is wrong.
    pub(super) fn trouble(&self, works: u8) -> Trouble {
        Trouble::new(works, self.reason(), self.0["message"].as_str().unwrap_or_default(), self.since())
    }
}
