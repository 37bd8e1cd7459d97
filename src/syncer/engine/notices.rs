//! What the owners of objects are told of them.

use jiff::Timestamp;

use super::{facts::Facts, key::Key, state::State};
use crate::syncer::{
    events::Notice,
    json::meta,
    render::access::{PATH, kept_mounts},
};

impl State {
    /// Whether this process is the one that tells.
    pub(super) fn tells(&self) -> bool {
        self.leading_since.is_some() && self.target.ours && !self.plan.dry_run
    }

    /// Takes note of something to be told of an object of the workspace.
    pub(super) fn notice(
        &mut self,
        key: &Key,
        facts: &Facts,
        reason: &'static str,
        message: String,
        at: Timestamp,
    ) {
        let Some(above) = &facts.above else { return };
        self.notices.push(Notice {
            kind: facts.kind.clone(),
            namespace: key.namespace.to_string(),
            name: key.name.to_string(),
            uid: meta(above, "uid").to_owned(),
            reason,
            message,
            at,
        });
    }

    /// Containers whose clients find what they mount themselves, and not the workspace.
    pub(super) fn notice_kept_mounts(&mut self, key: &Key, facts: &Facts, at: Timestamp) {
        let kept = facts.above.as_ref().map(|above| kept_mounts(above, &facts.kind)).unwrap_or_default();
        if !kept.is_empty() {
            let containers = kept.join(", ");
            let message = format!(
                "no in-cluster access to the workspace in {containers}: {PATH} has a mount of its own"
            );
            self.notice(key, facts, "MountKept", message, at);
        }
    }
}
