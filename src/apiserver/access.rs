//! Which rows a caller sees: those whose name he may `get`. `list` and `watch` only open the door.
//!
//! Fed by the handlers of lists and watches. All requests of one caller share one set of rows, which is asked
//! for once, re-checked while a watch holds it, and replaced when the answers have changed. It must not know
//! what the rows are, nor who answers reviews.

mod everything;
pub mod hints;
mod recheck;
mod set;
mod slot;
mod survey;
#[cfg(test)]
mod tests;
mod wheel;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::Instant;

pub use everything::Everything;

use self::{
    hints::NameHints,
    set::RowSet,
    slot::{Slot, SlotKey},
    survey::SurveyError,
    wheel::Wheel,
};
use super::{
    authz::{CachedAuthorizer, Urgency, unreviewed},
    identity::{Access, AccessControl, Attributes},
    log::ResourceLog,
    resource::ResourceInfo,
    status::ApiError,
};

/// The most rows that are asked about one by one.
pub const MAX_ROWS: usize = 1_000;
/// A new request uses a set whose questions were asked at most so long ago.
pub const FRESH: Duration = Duration::from_secs(10);
/// How often an open watch's set is asked for anew, in seconds.
pub const RECHECK_SECONDS: u64 = 30;
/// A set that nobody could confirm for so long ends: two missed re-checks and a little.
pub const UNCONFIRMED: Duration = Duration::from_secs(65);
/// A set nobody uses is kept so long, so that a client that reconnects need not list again.
const RETAINED: Duration = Duration::from_secs(300);
/// Sets at a time, in use or not.
const MAX_SLOTS: usize = 20_000;

/// The [`AccessControl`] that asks for every row.
pub struct RowAccess {
    authorizer: Arc<CachedAuthorizer>,
    hints: Option<Arc<dyn NameHints>>,
    slots: Mutex<HashMap<SlotKey, Arc<Slot>>>,
    wheel: Mutex<Wheel>,
}

impl RowAccess {
    /// Without hints every existing name is asked about.
    pub fn new(authorizer: Arc<CachedAuthorizer>, hints: Option<Arc<dyn NameHints>>) -> Self {
        Self { authorizer, hints, slots: Mutex::default(), wheel: Mutex::default() }
    }

    fn slot(
        &self,
        resource: &Arc<ResourceInfo>,
        attributes: &Attributes,
        log: &Arc<ResourceLog>,
    ) -> Result<Arc<Slot>, ApiError> {
        let key = SlotKey::of(resource, attributes);
        let mut slots = self.slots.lock();
        if let Some(slot) = slots.get(&key) {
            slot.used_by(attributes, log);
            return Ok(slot.clone());
        }
        if slots.len() >= MAX_SLOTS {
            slots.retain(|_, slot| !slot.is_idle(FRESH));
            if slots.len() >= MAX_SLOTS {
                return Err(ApiError::too_many_requests());
            }
        }
        let slot = Arc::new(Slot::new(resource, attributes, log));
        slots.insert(key, slot.clone());
        Ok(slot)
    }

    async fn current(&self, slot: &Slot) -> Result<Arc<RowSet>, ApiError> {
        if let Some(set) = slot.fresh() {
            return Ok(set);
        }
        let came = Instant::now();
        // Held while asking, so that all who wait share the questions and their outcome.
        let _asking = slot.asking.lock().await;
        if let Some(set) = slot.fresh() {
            return Ok(set);
        }
        if slot.failed_since(came) {
            return Err(unreviewed());
        }
        match self.survey(slot, Urgency::Request).await {
            Ok(survey) => Ok(slot.apply(&self.authorizer, survey)),
            Err(SurveyError::TooManyRows) => Err(too_many_rows(&slot.resource, &slot.question)),
            Err(SurveyError::Unanswered) => {
                slot.failed();
                Err(unreviewed())
            }
        }
    }
}

#[async_trait]
impl AccessControl for RowAccess {
    async fn access(
        &self,
        resource: &Arc<ResourceInfo>,
        attributes: &Attributes,
        log: &Arc<ResourceLog>,
    ) -> Result<Arc<dyn Access>, ApiError> {
        let slot = self.slot(resource, attributes, log)?;
        let set = self.current(&slot).await?;
        slot.place(&self.wheel, set.cost());
        Ok(set)
    }
}

/// 403 that says what would help.
fn too_many_rows(resource: &ResourceInfo, question: &Attributes) -> ApiError {
    let qualified = resource.qualified();
    let message = format!(
        "{qualified} is forbidden: User \"{}\" may not get every row, and more than {MAX_ROWS} rows are too many \
         to ask about one by one; ClusterRole \"{}\" grants all of them",
        question.user.name, resource.reader_role
    );
    let mut error = ApiError::new(http::StatusCode::FORBIDDEN, "Forbidden", message);
    let details = error.details.get_or_insert_default();
    details.group = resource.group.to_string();
    details.kind = resource.resource.to_string();
    error
}
