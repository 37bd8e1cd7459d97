//! What the APIs allow us: too little stops a kind or the report, too much is said.

use std::collections::BTreeMap;

use super::find;
use crate::security::{
    context::{
        Code, Facts, Finding,
        Severity::{Degrade, Fatal, Warn},
        facts::{Right, Side, Wanted},
    },
    rules::syncer::Need,
};

pub fn rights(facts: &Facts, findings: &mut Vec<Finding>) {
    for side in &facts.sides {
        missing(side, findings);
        excessive(side, findings);
    }
}

/// One finding for all verbs that are missing on the same thing.
fn missing(side: &Side, findings: &mut Vec<Finding>) {
    let mut by_thing: BTreeMap<(String, &Need), Vec<&str>> = BTreeMap::new();
    for right in &side.rights {
        if let Right { permission, kind: Wanted::Needed(need), allowed: Some(false) } = right {
            by_thing.entry((permission.on(), need)).or_default().push(&permission.verb);
        }
    }
    for ((thing, need), verbs) in by_thing {
        let (severity, so) = match need {
            Need::Own => (Fatal, "the syncer cannot work"),
            Need::Kind(_) => (Degrade, "this kind stands still"),
            Need::Report => (Degrade, "a part of the report is missing"),
        };
        let message = format!(
            "{}: may not {} {thing}, so {so}: apply what `tmc rbac manifests` prints for the {} side",
            side.source,
            verbs.join(", "),
            side.name
        );
        find(findings, severity, Code::RBACMissing, message);
    }
}

fn excessive(side: &Side, findings: &mut Vec<Finding>) {
    let has = |right: &&Right| right.kind == Wanted::Excessive && right.allowed == Some(true);
    let named = |right: &Right| {
        let resource = right.permission.on();
        format!("{} {resource}", right.permission.verb).replace("* *.*", "everything")
    };
    let too_much: Vec<_> = side.rights.iter().filter(has).map(named).collect();
    if !too_much.is_empty() {
        let message = format!(
            "{}: may {}, which no syncer needs: log in as the ServiceAccount that `tmc workload sync` makes",
            side.source,
            too_much.join(", ")
        );
        find(findings, Warn, Code::RBACExcessive, message);
    }
}
