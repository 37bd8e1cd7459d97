//! Whose a copy upstream is, and of what.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Context;
use crate::syncer::json::{entry, meta};

/// Label of a copy, with the target's key behind it.
pub const STATE: &str = "state.workload.kcp.io/";
/// Its value.
pub const UPSYNC: &str = "Upsync";
/// Annotation: the [`Owner`] as JSON.
pub(super) const OWNER: &str = "workload.kcp.io/upsync-owner";
/// Annotation: what the copy was made to, as a hash.
pub(super) const HASH: &str = "workload.kcp.io/upsync-hash";

/// The target that made a copy, and the original.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Owner {
    #[serde(rename = "syncTargetUID")]
    pub target: String,
    /// Below; empty for an object in none.
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

impl Owner {
    pub fn of(original: &Value, target: &str) -> Self {
        let text = |field: &str| meta(original, field).to_owned();
        Self { target: target.to_owned(), namespace: text("namespace"), name: text("name"), uid: text("uid") }
    }

    fn read(copy: &Value) -> Option<Self> {
        serde_json::from_str(entry(copy, "annotations", OWNER)?).ok()
    }
}

/// Label and owner both say so, and the owner speaks of an object of this name.
pub fn is_ours(copy: &Value, context: &Context<'_>) -> bool {
    let namespace = if context.kind.namespaced { context.namespace.downstream } else { "" };
    let labelled = entry(copy, "labels", &format!("{STATE}{}", context.key)) == Some(UPSYNC);
    labelled
        && Owner::read(copy).is_some_and(|owner| {
            owner.target == context.target && owner.name == context.name && owner.namespace == namespace
        })
}

/// Where the original is, as the copy says; empty for an object in no namespace.
pub fn namespace_below(copy: &Value) -> Option<String> {
    Owner::read(copy).map(|owner| owner.namespace)
}

/// Whether the copy is that of this very original.
pub(super) fn is_of(copy: &Value, original: &Value) -> bool {
    Owner::read(copy).is_some_and(|owner| !owner.uid.is_empty() && owner.uid == meta(original, "uid"))
}
