//! What one target adds to its workspace and to each tree above: the unit of the deltas.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{
    health::{self, SILENT_AFTER},
    lease::Liveness,
    target::Target,
};
use crate::api::views::{DataState, Health};

/// A target and what its age makes of it.
#[derive(Clone, Debug)]
pub struct Contribution {
    pub target: Arc<Target>,
    pub health: Health,
    pub data: DataState,
    /// The newest time that is known of it.
    pub newest: Option<Timestamp>,
}

impl Contribution {
    pub fn new(target: Arc<Target>, liveness: Option<&Liveness>, elapsed: Duration) -> Self {
        let age = liveness.map(|liveness| liveness.age(elapsed));
        let silent = health::silent(age);
        let (health, data) = match &target.facts {
            Err(_) => (Health::Unknown, DataState::Partial),
            Ok(facts) => {
                let data = match facts.resources {
                    None => DataState::Partial,
                    Some(_) if silent => DataState::Stale,
                    Some(_) => DataState::Complete,
                };
                (health::health(facts.signs, age), data)
            }
        };
        // It became silent at a time that every process can name.
        let since = liveness.filter(|_| silent).and_then(|liveness| {
            liveness.renewed().checked_add(SignedDuration::from_secs(SILENT_AFTER.as_secs() as i64)).ok()
        });
        let newest = target.newest.max(since);
        Self { target, health, data, newest }
    }

    /// Whether views show both alike, their last update aside.
    pub fn same_content(&self, other: &Self) -> bool {
        self.health == other.health
            && self.data == other.data
            && (Arc::ptr_eq(&self.target, &other.target) || self.target.same_content(&other.target))
    }

    /// Name, then uid: the order in which targets are shown.
    pub fn key(&self) -> Key {
        (self.target.name.clone(), self.target.uid.clone())
    }
}

/// Name and uid of a target.
pub type Key = (Arc<str>, Arc<str>);
