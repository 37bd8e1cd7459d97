//! Asking again while a watch is open: whether the door is still open and the rows are still the same.
//!
//! Each set in use has its second of the period. What cannot be confirmed ends, so that a lost reviewer closes
//! watches instead of leaving them open.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    RETAINED, RowAccess, UNCONFIRMED,
    slot::{Due, Slot},
    survey::SurveyError,
};
use crate::apiserver::authz::Urgency;

/// A set whose questions were asked so short ago waits for its next turn.
const SETTLED: Duration = Duration::from_secs(5);
/// Re-checks that take longer than this are worth a line: watches may outlive a revoked grant by as much.
const LATE: Duration = Duration::from_secs(10);

impl RowAccess {
    /// Re-checks sets in use until `shutdown`.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut checks = FuturesUnordered::new();
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        let mut late = false;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = seconds.tick() => {
                    for (slot, due) in self.tick() {
                        checks.push(self.recheck(slot, due));
                    }
                }
                Some(took) = checks.next(), if !checks.is_empty() => note(&mut late, took),
            }
        }
    }

    /// One second: forgets what is idle, ends what is unconfirmed, and returns what is due.
    fn tick(&self) -> Vec<(Arc<Slot>, Due)> {
        let second = self.wheel.lock().tick();
        let slots: Vec<_> = {
            let mut slots = self.slots.lock();
            // A request that is between getting its slot and its set has a second pointer to the slot.
            slots.retain(|_, slot| Arc::strong_count(slot) > 1 || !slot.is_idle(RETAINED));
            slots.values().cloned().collect()
        };
        let mut load = 0;
        let mut all_due = Vec::new();
        for slot in slots {
            slot.end_unconfirmed(UNCONFIRMED);
            let (due, cost) = slot.due(second, SETTLED);
            load += cost;
            all_due.extend(due.map(|due| (slot, due)));
        }
        self.wheel.lock().count(second, load);
        all_due
    }

    /// Asks for one set and returns how long it took.
    async fn recheck(&self, slot: Arc<Slot>, due: Due) -> Duration {
        let begun = Instant::now();
        match self.ask_again(&slot, &due).await {
            Ok(()) => {}
            Err(SurveyError::Unanswered) => slot.missed(&due.set),
            Err(SurveyError::TooManyRows) => slot.close(&due.set),
        }
        slot.checked();
        begun.elapsed()
    }

    async fn ask_again(&self, slot: &Slot, due: &Due) -> Result<(), SurveyError> {
        if !self.may(&due.door, Urgency::Recheck).await? {
            slot.close(&due.set);
            return Ok(());
        }
        let survey = self.survey(slot, Urgency::Recheck).await?;
        if slot.is_current(&due.set) {
            slot.apply(&self.authorizer, survey);
        }
        Ok(())
    }
}

/// One line when re-checks become late and one when they are in time again.
fn note(late: &mut bool, took: Duration) {
    let is_late = took > LATE;
    if is_late && !*late {
        tracing::warn!(
            seconds = took.as_secs(),
            "re-checks of open watches are late: there are more rows to ask about than reviews allowed a second"
        );
    } else if !is_late && *late {
        tracing::info!("re-checks of open watches are in time again");
    }
    *late = is_late;
}
