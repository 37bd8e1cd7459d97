//! Paging: what continue tokens say, and the snapshots kept so that all pages show one version.

mod pins;
mod token;

use std::sync::Arc;

use super::version;
use crate::apiserver::{
    log::ResourceLog,
    object::Key,
    options::{ListOptions, Match},
    scope::Scope,
    snapshot::Snapshot,
    status::ApiError,
};
use pins::Pins;
pub(super) use token::Binding;
use token::{Signer, Token};

/// Where a token's version says "whatever is current": the client was told that its own has expired.
const INCONSISTENT: i64 = -1;

/// What one page is taken from.
pub(super) struct Page {
    pub(super) snapshot: Arc<Snapshot>,
    /// The last key of the page before.
    pub(super) after: Option<Key>,
}

/// The continue tokens of one resource. Tokens of another process are unknown here, so they expire.
pub(super) struct Pages {
    signer: Signer,
    pins: Pins,
}

impl Pages {
    pub(super) fn new() -> Self {
        Self { signer: Signer::new(), pins: Pins::default() }
    }

    /// The snapshot and place that the options ask for.
    pub(super) async fn open(
        &self,
        options: &ListOptions,
        log: &ResourceLog,
        scope: &Scope,
        binding: &Binding<'_>,
    ) -> Result<Page, ApiError> {
        if let Some(token) = &options.continue_token {
            let token = self.signer.open(token, binding)?;
            return self.resume(token, log, scope, binding);
        }
        let wanted = options.resource_version.unwrap_or(0);
        let exact = match options.version_match {
            Some(Match::Exact) => true,
            Some(Match::NotOlderThan) => false,
            // What a limit with a version has meant since before there was a match.
            None => options.limit.is_some() && wanted > 0,
        };
        let current = version::not_older_than(log, wanted).await?;
        let snapshot = match exact {
            true => self
                .exact(current, scope, wanted)
                .ok_or_else(|| ApiError::expired("The resourceVersion for the provided list is too old."))?,
            false => current,
        };
        Ok(Page { snapshot, after: None })
    }

    /// The token of the page after this one; its snapshot stays available for a while.
    pub(super) fn next(
        &self,
        snapshot: &Arc<Snapshot>,
        last: &Key,
        scope: &Scope,
        binding: &Binding<'_>,
    ) -> String {
        self.pins.keep(scope, snapshot);
        let version = i64::try_from(snapshot.resource_version).unwrap_or(i64::MAX);
        self.signer.seal(&Token { version, last: last.clone() }, binding)
    }

    fn resume(
        &self,
        token: Token,
        log: &ResourceLog,
        scope: &Scope,
        binding: &Binding<'_>,
    ) -> Result<Page, ApiError> {
        let current = log.snapshot();
        let snapshot = match u64::try_from(token.version) {
            Err(_) => Some(current),
            Ok(version) => self.exact(current, scope, version),
        };
        match snapshot {
            Some(snapshot) => Ok(Page { snapshot, after: Some(token.last) }),
            None => {
                let mut error = ApiError::expired(EXPIRED);
                let token = Token { version: INCONSISTENT, last: token.last };
                error.continue_token = Some(self.signer.seal(&token, binding));
                Err(error)
            }
        }
    }

    fn exact(&self, current: Arc<Snapshot>, scope: &Scope, version: u64) -> Option<Arc<Snapshot>> {
        if current.resource_version == version {
            return Some(current);
        }
        self.pins.get(scope, version)
    }
}

const EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can \
    start a new list without the continue parameter, or use the continue token in this response to retrieve the \
    remainder of the results. Continuing with the provided token results in an inconsistent list - objects that \
    were created, modified, or deleted between the time the first chunk was returned and now may show up in the \
    list.";
