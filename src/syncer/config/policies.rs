//! How objects are written, kind by kind.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    api::placement::{ApplyPolicy, GroupResource},
    syncer::kind::Kind,
};

/// One policy for all kinds, and others for some.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policies {
    pub of_all: ApplyPolicy,
    pub of_kinds: BTreeMap<GroupResource, ApplyPolicy>,
}

impl Policies {
    /// The policy of a kind.
    pub fn of(&self, kind: &Kind) -> &ApplyPolicy {
        // Mostly there are none.
        let of_kind = (!self.of_kinds.is_empty()).then(|| self.of_kinds.get(&kind.group_resource()));
        of_kind.flatten().unwrap_or(&self.of_all)
    }
}

/// What is given for a kind takes the place of what is given for all.
pub(super) fn merged(of_all: Option<Value>, changes: Value) -> Value {
    let mut policy = of_all.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    if changes.is_object() {
        json_patch::merge(&mut policy, &changes);
    }
    policy
}
