//! What is asked for beside what is followed: the version of the API, and now and then whether the numbers are true.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::time::Instant;

use super::{Observer, Told, Verifying};
use crate::{
    api::placement::GroupResource,
    informers::{Fetch, Limits, Trouble, read},
    syncer::observe::{
        Scope,
        counting::Counting,
        probe::Probe,
        verify::{SETTLE, Verdict, ask},
    },
};

/// Until the version is asked for again that could not be read.
const AGAIN: Duration = Duration::from_secs(30);

impl Observer {
    /// Asks what is due, one question of a kind at a time.
    pub(super) fn ask(&mut self) {
        let now = Instant::now();
        if self.version_due.is_some_and(|at| at <= now) {
            self.version_due = None;
            self.asked.spawn(version(self.observe.fetch.clone(), self.observe.limits));
        }
        if self
            .verifying
            .as_ref()
            .is_some_and(|verifying| verifying.answer.as_ref().is_some_and(|(_, at)| *at <= now))
        {
            self.judge();
        }
        if self.verifying.is_none()
            && let Some((_, kind)) = self.next_check().filter(|(at, _)| *at <= now)
        {
            self.verify(kind);
        }
    }

    /// Takes an answer.
    pub(super) fn told(&mut self, told: Option<Told>) {
        match told {
            Some(Told::Version(Ok(version))) => {
                self.changed |= self.kubernetes_version != version;
                self.kubernetes_version = version;
                self.version_due = Some(Instant::now() + self.observe.times.version);
            }
            Some(Told::Version(Err(trouble))) => {
                tracing::debug!("cannot read the version of the cluster: {trouble}");
                self.version_due = Some(Instant::now() + AGAIN);
            }
            Some(Told::Verified(answer)) => {
                if let Some(verifying) = &mut self.verifying {
                    verifying.answer = Some((answer, Instant::now() + SETTLE));
                }
            }
            None => {}
        }
    }

    /// The kind that is verified next.
    pub(super) fn next_check(&self) -> Option<(Instant, GroupResource)> {
        let fit = |counting: &Counting| counting.wanted && counting.following.is_fit();
        let kinds = self.kinds.iter().filter(|(_, counting)| fit(counting));
        kinds.map(|(name, counting)| (counting.check.due, name)).min().map(|(at, name)| (at, name.clone()))
    }

    fn verify(&mut self, kind: GroupResource) {
        let namespaces = self.is_placed().then(|| self.namespaces.snapshot());
        let Some(counting) = self.kinds.get_mut(&kind) else { return };
        counting.tally.probe = Some(Probe::new(counting.tally.said()));
        let everywhere = matches!(self.observe.scope, Scope::Owned(_));
        let (fetch, limits) = (self.observe.fetch.clone(), self.observe.limits);
        let reader = counting.reader.clone();
        self.asked
            .spawn(async move { Told::Verified(ask(fetch, reader, namespaces, everywhere, limits).await) });
        self.verifying = Some(Verifying { kind, answer: None });
    }

    /// Holds the answer against what was counted.
    fn judge(&mut self) {
        let Some(Verifying { kind, answer: Some((answer, _)) }) = self.verifying.take() else { return };
        let Some(counting) = self.kinds.get_mut(&kind) else { return };
        let Some(probe) = counting.tally.probe.take() else { return };
        let was = counting.check.unverified;
        // What is not followed now may well be behind.
        let verdict = if counting.following.is_fit() { answer.against(&probe) } else { Verdict::Unknown };
        if counting.check.verdict(verdict) {
            tracing::warn!(
                kind = kind.resource,
                group = kind.group,
                "the count was wrong twice; listing anew"
            );
            counting.following.relist();
        }
        self.changed |= counting.check.unverified != was;
    }
}

async fn version(fetch: Arc<dyn Fetch>, limits: Limits) -> Told {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: String,
    }
    let read = read(&*fetch, "/version", "application/json", &limits).await.and_then(|body| {
        serde_json::from_slice::<Version>(&body).map_err(|_| Trouble::Desync("it does not tell its version"))
    });
    Told::Version(read.map(|version| version.git_version))
}
