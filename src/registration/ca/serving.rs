//! The task of `tmc serve` that keeps its serving certificate: reads the Secret, carries out the plan.
//!
//! Hands every new certificate to a callback; `apiserver` shows it. Until the Secret exists the server shows a certificate that
//! nobody trusts, so that health and discovery answer whoever does not verify.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    Authority, CaError, Leaf, Step, plan,
    store::{Store, StoreError, Stored},
};
use crate::{registration::installation::ServiceReference, upstream::Upstream};

#[cfg(test)]
mod tests;

/// How often the Secret is read.
pub const POLL: Duration = Duration::from_secs(10);
/// The same while nobody can trust our certificate yet: somebody may be waiting in `tmc register`.
pub const POLL_UNTRUSTED: Duration = Duration::from_secs(2);
/// The most steps of one round; a whole first round takes three.
const STEPS: usize = 6;

pub struct ServingCertificates {
    upstream: Upstream,
    service: ServiceReference,
    leaf: Leaf,
    /// Whether the leaf is of the Secret's CA, not of the one in memory.
    stored_leaf: bool,
    trusted_since: Option<Timestamp>,
    /// What was said last, so that it is said once.
    said: Option<String>,
}

impl ServingCertificates {
    /// Starts with a certificate of a CA that exists in memory alone; [`Self::refresh`] brings the real one.
    pub fn new(upstream: Upstream, service: ServiceReference) -> Result<Self, CaError> {
        let now = Timestamp::now();
        let leaf = Leaf::issue(&Authority::found(now, Vec::new())?, &service, now)?;
        Ok(Self { upstream, service, leaf, stored_leaf: false, trusted_since: None, said: None })
    }

    /// What the server should show now.
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// Runs until shutdown and publishes every certificate that follows the present one. A failed round is
    /// logged once and tried again.
    pub async fn run(mut self, mut publish: impl FnMut(&Leaf), shutdown: CancellationToken) {
        loop {
            let shown = self.leaf.certificate.der.clone();
            self.refresh(Timestamp::now()).await;
            if self.leaf.certificate.der != shown {
                publish(&self.leaf);
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(self.pause()) => {}
            }
        }
    }

    fn pause(&self) -> Duration {
        if self.stored_leaf { POLL } else { POLL_UNTRUSTED }
    }

    /// One round. Whatever fails, the certificate in use stays in use.
    pub async fn refresh(&mut self, now: Timestamp) {
        match self.round(now).await {
            Ok(()) => self.said = None,
            Err(error) => {
                let message = error.to_string();
                if self.said.as_ref() != Some(&message) {
                    match error {
                        StoreError::Absent => {
                            tracing::info!("serving with a certificate made for this run: {error}")
                        }
                        _ => tracing::warn!(%error, "keeping the present serving certificate"),
                    }
                    self.said = Some(message);
                }
            }
        }
    }

    async fn round(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let mut trust = Ok(());
        for _ in 0..STEPS {
            let stored = self.store().read().await?.ok_or(StoreError::Absent)?;
            // A server that may not touch the APIService can still renew its own certificate.
            trust = self.trust(&stored, now).await;
            if self.step(&stored, now).await? == Step::Keep {
                return trust;
            }
        }
        trust
    }

    fn store(&self) -> Store<'_> {
        Store { upstream: &self.upstream, service: &self.service }
    }

    async fn trust(&mut self, stored: &Stored, now: Timestamp) -> Result<(), StoreError> {
        let Ok(Some(authority)) = &stored.authority else { return Ok(()) };
        let trusted = self.store().trust(&authority.bundle()).await;
        self.trusted_since = match trusted {
            Ok(true) => self.trusted_since.or(Some(now)),
            _ => None,
        };
        trusted.map(drop)
    }

    async fn step(&mut self, stored: &Stored, now: Timestamp) -> Result<Step, StoreError> {
        let authority = stored.authority.as_ref().map(Option::as_ref);
        let step = plan(now, authority, Some(&self.leaf), self.trusted_since);
        match (step, authority) {
            (Step::Keep, _) => {}
            (Step::IssueLeaf, Ok(Some(authority))) => self.issue(authority, now)?,
            (Step::PublishNext, Ok(Some(authority))) => {
                tracing::info!("adding a new serving CA to the bundle");
                self.trusted_since = None;
                self.store().write(stored, &authority.clone().with_next(now)?).await?;
            }
            (Step::SwitchToNext, Ok(Some(authority))) => {
                tracing::info!("signing with the new serving CA from now on");
                self.store().write(stored, &authority.clone().switched(now)).await?;
            }
            _ => {
                match &stored.authority {
                    Ok(None) => tracing::info!("Secret tmc-serving-ca is empty: making a serving CA"),
                    Ok(Some(_)) => tracing::warn!("the serving CA has expired: making a new one"),
                    Err(damage) => {
                        tracing::warn!(%damage, "Secret tmc-serving-ca is damaged: making a new CA")
                    }
                }
                self.trusted_since = None;
                self.store().write(stored, &Authority::found(now, Vec::new())?).await?;
            }
        }
        Ok(step)
    }

    fn issue(&mut self, authority: &Authority, now: Timestamp) -> Result<(), CaError> {
        let leaf = Leaf::issue(authority, &self.service, now)?;
        tracing::info!(
            not_after = %leaf.certificate.not_after,
            ca = %authority.signing().certificate.subject,
            "serving certificate issued"
        );
        self.leaf = leaf;
        self.stored_leaf = true;
        Ok(())
    }
}
