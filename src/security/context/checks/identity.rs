//! Whether this is the target it was started for, and whether the two sides are two.

use super::find;
use crate::security::context::{
    Code, Facts, Finding, Severity,
    facts::{Authorities, Side, SideName},
};

pub fn identity(facts: &Facts, findings: &mut Vec<Finding>) {
    let told = &facts.identity;
    if let (Some(expected), Some(found)) = (&told.expected_uid, &told.uid)
        && expected != found
    {
        let message = format!(
            "--sync-target-uid: SyncTarget {} has uid {found}, not {expected}: it was made again. Give the new \
             uid once it is sure that it is meant",
            told.target
        );
        find(findings, Severity::Fatal, Code::IdentityMismatch, message);
    }
    if let (Some(expected), Some(_)) = (&told.expected_workspace, &told.uid)
        && told.workspace.as_ref() != Some(expected)
    {
        let message = format!(
            "--workspace: SyncTarget {} has spec.kcpCluster {:?}, not {expected:?}: give that workspace, or \
             another target",
            told.target,
            told.workspace.as_deref().unwrap_or_default()
        );
        find(findings, Severity::Fatal, Code::IdentityMismatch, message);
    }
    if !facts.allow_same_cluster {
        same_cluster(facts, findings);
    }
}

fn same_cluster(facts: &Facts, findings: &mut Vec<Finding>) {
    let side = |name| facts.sides.iter().find(|side| side.name == name);
    let (Some(up), Some(down)) = (side(SideName::Upstream), side(SideName::Downstream)) else { return };
    if is_same(up, down) {
        let message = format!(
            "{} and {} lead to the same cluster ({}): a syncer would copy it onto itself. Give the physical \
             cluster to --downstream-kubeconfig, or say --allow-same-cluster",
            up.source, down.source, down.server
        );
        find(findings, Severity::Fatal, Code::SameCluster, message);
    }
}

/// By the uid of `kube-system` where both tell it, by address and CA otherwise.
fn is_same(up: &Side, down: &Side) -> bool {
    if let (Some(up), Some(down)) = (&up.cluster_uid, &down.cluster_uid) {
        return up == down;
    }
    let address = |side: &Side| side.server.trim_end_matches('/').to_ascii_lowercase();
    address(up) == address(down) && !address(up).is_empty() && authority(up) == authority(down)
}

fn authority(side: &Side) -> Option<&str> {
    match &side.authorities {
        Authorities::Given { fingerprint, .. } => Some(fingerprint),
        Authorities::System | Authorities::Invalid { .. } => None,
    }
}
