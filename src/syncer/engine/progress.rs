//! What becomes of every object, counted as it changes: the part of the report that the engine owns.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::key::Key;
use crate::{
    api::{placement::GroupResource, workload::Problem},
    syncer::{
        decide::{Bucket, Report},
        facts::{Buckets, MOST_PROBLEMS},
        kind::Kind,
    },
};

/// Characters of one problem's message.
const MESSAGE: usize = 256;

/// Every object's bucket, and what is wrong with some.
#[derive(Debug, Default)]
pub struct Ledger {
    rows: HashMap<u16, Buckets>,
    troubles: HashMap<Key, Trouble>,
    /// Objects that are in a bucket, by namespace of the workspace.
    crowds: HashMap<Arc<str>, usize>,
    /// Something changed since it was last told.
    pub changed: bool,
}

#[derive(Debug)]
struct Trouble {
    report: Report,
    since: Timestamp,
    /// The object's owner knows.
    told: bool,
}

fn slot(row: &mut Buckets, bucket: Bucket) -> &mut u64 {
    match bucket {
        Bucket::Synced => &mut row.synced,
        Bucket::Pending => &mut row.pending,
        Bucket::Drifted => &mut row.drifted,
        Bucket::Error => &mut row.error,
        Bucket::Conflict => &mut row.conflict,
        Bucket::Deleting => &mut row.deleting,
    }
}

impl Ledger {
    /// Moves an object from one bucket to another; none is no object of ours.
    pub fn moved(&mut self, key: &Key, from: Option<Bucket>, to: Option<Bucket>) {
        if from == to {
            return;
        }
        let row = self.rows.entry(key.kind).or_default();
        if let Some(from) = from {
            let count = slot(row, from);
            *count = count.saturating_sub(1);
        }
        if let Some(to) = to {
            *slot(row, to) += 1;
        }
        match (from, to) {
            (None, _) => *self.crowds.entry(key.namespace.clone()).or_default() += 1,
            (_, None) => self.left(&key.namespace),
            _ => {}
        }
        self.changed = true;
    }

    fn left(&mut self, namespace: &str) {
        let Some(crowd) = self.crowds.get_mut(namespace) else { return };
        *crowd -= 1;
        if *crowd == 0 {
            self.crowds.remove(namespace);
        }
    }

    /// Objects of the namespace upstream that are ours or to be.
    pub fn len_in(&self, namespace: &str) -> usize {
        self.crowds.get(namespace).copied().unwrap_or_default()
    }

    /// Takes note of what is wrong with an object; whether that is news.
    pub fn trouble(&mut self, key: &Key, report: Option<&Report>, now: Timestamp) -> bool {
        let Some(report) = report.filter(|report| is_trouble(report)) else {
            self.changed |= self.troubles.remove(key).is_some();
            return false;
        };
        let known = self.troubles.get_mut(key);
        match known {
            Some(known) if known.report == *report => false,
            Some(known) => {
                let news = known.report.reason != report.reason;
                let since = if news { now } else { known.since };
                *known = Trouble { report: report.clone(), since, told: known.told && !news };
                self.changed = true;
                news
            }
            None => {
                let (report, since) = (report.clone(), now);
                self.troubles.insert(key.clone(), Trouble { report, since, told: false });
                self.changed = true;
                true
            }
        }
    }

    /// Whether the object's owner is to be told what is wrong with it: once for a reason.
    pub fn tell(&mut self, key: &Key) -> bool {
        self.troubles.get_mut(key).is_some_and(|trouble| !std::mem::replace(&mut trouble.told, true))
    }

    pub fn rows(&self, kinds: &[&Kind]) -> BTreeMap<GroupResource, Buckets> {
        let named =
            |(kind, row): (&u16, &Buckets)| Some((kinds.get(usize::from(*kind))?.group_resource(), *row));
        self.rows.iter().filter_map(named).filter(|(_, row)| *row != Buckets::default()).collect()
    }

    /// The worst first, then the oldest.
    pub fn problems(&self, kinds: &[&Kind]) -> Vec<Problem> {
        let mut all: Vec<_> = self.troubles.iter().collect();
        all.sort_by(|(key, one), (other_key, other)| {
            (other.report.bucket, one.since, *key).cmp(&(one.report.bucket, other.since, *other_key))
        });
        let named = |(key, trouble): (&Key, &Trouble)| Problem {
            kind: kinds.get(usize::from(key.kind)).map(|kind| kind.kind.clone()).unwrap_or_default(),
            namespace: (!key.namespace.is_empty()).then(|| key.namespace.to_string()),
            name: key.name.to_string(),
            reason: trouble.report.reason.to_owned(),
            message: trouble.report.message.chars().take(MESSAGE).collect(),
            since: Some(Time(trouble.since)),
        };
        all.into_iter().take(MOST_PROBLEMS).map(named).collect()
    }
}

/// What a person should know of.
fn is_trouble(report: &Report) -> bool {
    matches!(report.bucket, Bucket::Error | Bucket::Conflict | Bucket::Drifted)
        || matches!(report.reason, "DeletionsPaused" | "OrphanSuspected")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind() -> Kind {
        Kind {
            group: "apps".into(),
            version: "v1".into(),
            resource: "deployments".into(),
            kind: "Deployment".into(),
            namespaced: true,
        }
    }

    #[test]
    fn an_object_is_in_one_bucket_and_its_trouble_is_told_with_its_age() {
        let (mut ledger, kind) = (Ledger::default(), kind());
        let kinds = [&kind];
        let (a, b) = (Key::object(0, "n", "a"), Key::object(0, "n", "b"));
        let time = |second| Timestamp::from_second(second).unwrap();
        ledger.moved(&a, None, Some(Bucket::Pending));
        ledger.moved(&b, None, Some(Bucket::Error));
        ledger.moved(&a, Some(Bucket::Pending), Some(Bucket::Conflict));
        let row = ledger.rows(&kinds)[&kind.group_resource()];
        assert_eq!(row, Buckets { error: 1, conflict: 1, ..Buckets::default() });
        assert_eq!((ledger.len_in("n"), ledger.len_in("m")), (2, 0));
        let report = |bucket, reason| Report::new(bucket, reason, "m");
        assert!(ledger.trouble(&a, Some(&report(Bucket::Conflict, "AlreadyExists")), time(1)));
        assert!(!ledger.trouble(&a, Some(&report(Bucket::Conflict, "AlreadyExists")), time(5)));
        assert!(ledger.trouble(&b, Some(&report(Bucket::Error, "Invalid")), time(3)));
        let problems = ledger.problems(&kinds);
        assert_eq!((&*problems[0].reason, problems[0].since.as_ref().unwrap().0), ("AlreadyExists", time(1)));
        assert_eq!(problems[1].name, "b");
        assert!(ledger.tell(&a) && !ledger.tell(&a));
        ledger.trouble(&a, Some(&report(Bucket::Error, "Invalid")), time(5));
        assert!(ledger.tell(&a), "for another reason");
        ledger.trouble(&a, None, time(6));
        assert!(!ledger.tell(&a));
        assert!(!ledger.trouble(&b, Some(&report(Bucket::Pending, "Paused")), time(7)));
        assert!(ledger.problems(&kinds).is_empty());
        ledger.moved(&a, Some(Bucket::Conflict), None);
        ledger.moved(&b, Some(Bucket::Error), None);
        assert!(ledger.rows(&kinds).is_empty() && ledger.crowds.is_empty());
    }
}
