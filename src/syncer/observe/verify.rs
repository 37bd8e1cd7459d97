//! Holds what was counted against what the cluster says it has. One difference may be an accident of the network; a
//! second one means that something was missed, and the kind is listed anew.

use std::{sync::Arc, time::Duration};

use rand::RngExt;
use tokio::time::Instant;

use super::{namespaces::Namespaces, probe::Probe, reader::Reader};
use crate::informers::{Counted, Fetch, Limits, Listed, Trouble, count, list};

/// Until what is on its way when the cluster answers has surely come.
pub(super) const SETTLE: Duration = Duration::from_secs(10);
/// Until a doubt is looked into.
const SOON: Duration = Duration::from_secs(60);

/// What the cluster says of one kind.
pub(super) struct Answer {
    pub(super) everything: Result<Counted, Trouble>,
    /// Objects that are to be in `total`; `None` where that depends on namespaces nobody can read.
    pub(super) total: Option<Result<Listed<bool>, Trouble>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Agrees,
    Differs,
    /// Too much went on at the time, or the cluster did not tell.
    Unknown,
}

/// Asks for the number of all objects, and for those that count, a page at a time.
pub(super) async fn ask(
    fetch: Arc<dyn Fetch>,
    reader: Reader,
    namespaces: Option<Namespaces>,
    everywhere: bool,
    limits: Limits,
) -> Answer {
    let resource = reader.kind().informed();
    let everything = count(&*fetch, resource, &limits).await;
    let selection = reader.counted();
    let total = match namespaces {
        None if !everywhere => None,
        namespaces => {
            let is_in =
                move |namespace: &str| namespaces.as_ref().is_none_or(|known| known.admits(namespace));
            let keep = move |object: crate::informers::RawObject| {
                (everywhere || is_in(&object.meta.namespace)) && reader.counts(&object).is_some()
            };
            Some(list(&*fetch, resource, selection, &limits, &keep).await)
        }
    };
    Answer { everything, total }
}

impl Answer {
    /// `probe` remembers what we said meanwhile.
    pub(super) fn against(&self, probe: &Probe) -> Verdict {
        let everything = self.everything.as_ref().ok().and_then(|counted| {
            let said = probe.at(&counted.resource_version)?;
            Some(counted.objects? == said.everything)
        });
        let total = self.total.as_ref().and_then(|total| total.as_ref().ok()).and_then(|listed| {
            let said = probe.at(&listed.resource_version)?;
            let total = listed.objects.iter().filter(|counts| **counts).count() as u64;
            Some(total == said.total)
        });
        match (everything, total) {
            (Some(false), _) | (_, Some(false)) => Verdict::Differs,
            (None, None) => Verdict::Unknown,
            _ => Verdict::Agrees,
        }
    }
}

/// What verification knows of one kind.
#[derive(Debug)]
pub(super) struct Check {
    every: Duration,
    /// When it is verified next.
    pub(super) due: Instant,
    differed: bool,
    /// It differed twice, and has not agreed since.
    pub(super) unverified: bool,
}

impl Check {
    pub(super) fn new(every: Duration) -> Self {
        // Drawn, so that kinds that began together are not all verified together.
        let first = every.mul_f64(rand::rng().random_range(0.5..=1.0));
        Self { every, due: Instant::now() + first, differed: false, unverified: false }
    }

    /// Returns whether the kind has to be listed anew.
    pub(super) fn verdict(&mut self, verdict: Verdict) -> bool {
        let soon = self.every.min(SOON);
        let (wait, relist) = match verdict {
            Verdict::Agrees => {
                (self.differed, self.unverified) = (false, false);
                (self.every, false)
            }
            Verdict::Differs if self.differed => {
                // A kind that never agrees is not listed all the time.
                let wait = if self.unverified { self.every } else { soon };
                self.unverified = true;
                (wait, true)
            }
            Verdict::Differs => {
                self.differed = true;
                (soon, false)
            }
            Verdict::Unknown => (if self.differed { soon } else { self.every }, false),
        };
        self.due = Instant::now() + wait;
        relist
    }
}
