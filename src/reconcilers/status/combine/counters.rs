//! Deployments, ReplicaSets, StatefulSets and DaemonSets: every counter is the sum of the shares'.

use serde_json::{Map, Value};

use super::{Shares, conditions};
use crate::api::share::shape::Part;

pub(super) fn sum(shares: &Shares<'_>) -> Map<String, Value> {
    let mut wanted = counters(shares);
    shares.set_observed(&mut wanted);
    wanted.extend(agreed(shares, &["currentRevision", "updateRevision"]));
    wanted.insert("conditions".to_owned(), conditions::merge(shares, |_| false).into());
    wanted
}

/// The sums of all counters that somebody tells.
pub(super) fn counters(shares: &Shares<'_>) -> Map<String, Value> {
    let counted = shares.shape.members.iter().filter(|(name, part)| {
        // How often names collided below is nothing to be added up.
        matches!(part, Part::Count | Part::Rising) && *name != "collisionCount"
    });
    let sums = counted.filter_map(|(name, _)| {
        let told = shares.told.iter().filter_map(|share| share.status.get(*name)?.as_i64());
        // Of what is clean each is small; the sum is what Kubernetes can count.
        let sum = told.fold(None, |sum: Option<i64>, count| Some(sum.unwrap_or(0).saturating_add(count)))?;
        Some(((*name).to_owned(), sum.min(i64::from(i32::MAX)).into()))
    });
    sums.collect()
}

/// Texts that all targets have told alike.
fn agreed(shares: &Shares<'_>, members: &[&str]) -> Vec<(String, Value)> {
    let of = |member: &&str| {
        let mut told = shares.told.iter().map(|share| share.status.get(*member));
        let first = told.next()??;
        told.all(|other| other == Some(first)).then(|| ((*member).to_owned(), first.clone()))
    };
    members.iter().filter_map(of).filter(|_| shares.is_complete()).collect()
}
