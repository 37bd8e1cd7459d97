//! Who manages which fields: what every write of a resource has in common, and the errors of an apply.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Registry, options::WriteOptions};
use crate::apiserver::{
    managed_fields::{Request, reset_fields},
    strategy::Strategy,
};

/// The part of a managed-fields request that is the same for all writes.
pub(super) struct Managing {
    pub(super) api_version: String,
    empty: Value,
}

impl Managing {
    pub(super) fn new(strategy: &dyn Strategy) -> Self {
        let mut empty = json!({});
        if let Err(error) = strategy.decode(&mut empty) {
            tracing::error!(error, kind = &*strategy.info().kind, "an empty object cannot be decoded");
        }
        Self { api_version: strategy.info().group_version(), empty }
    }

    fn request<'a>(
        &'a self,
        strategy: &'a dyn Strategy,
        options: &'a WriteOptions,
        subresource: &'a str,
    ) -> Request<'a> {
        let now = Timestamp::now();
        Request {
            manager: &options.manager,
            subresource,
            api_version: &self.api_version,
            kind: &strategy.info().kind,
            time: Timestamp::from_second(now.as_second()).unwrap_or(now),
            schema: strategy.schema(),
            reset: reset_fields(
                &self.api_version,
                &strategy.info().kind,
                subresource,
                strategy.built_in(),
                strategy.has_status(),
            ),
            empty: &self.empty,
        }
    }
}

impl Registry {
    /// Who writes, and what of the object it is about.
    pub(super) fn managed<'a>(&'a self, options: &'a WriteOptions, subresource: &'a str) -> Request<'a> {
        self.managing.request(self.strategy.as_ref(), options, subresource)
    }
}
