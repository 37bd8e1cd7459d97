//! What one target tells upstream of an object: its status as it is where this target alone syncs the object, else
//! its share beside those of the others. And what is wrong with it here.
//!
//! Pure: two objects and what is known around them in, at most one write out. It must not know who sends the write,
//! nor who sums shares up.

mod generation;
mod names;
pub(super) mod state;
mod storm;

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use self::{
    names::Namespace,
    state::{State, SyncState},
    storm::Allowance,
};
use crate::{
    api::share::{
        self, Share,
        clean::{self, Clean, Refused},
        hold,
        patch::{self, Settled},
        shape::{Shape, shape},
    },
    syncer::kind::Kind,
};

/// What is known around the two objects.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The target's.
    pub key: &'a str,
    pub kind: &'a Kind,
    /// Whether the kind has a subresource `status` upstream.
    pub subresource: bool,
    /// The object's own, on both sides.
    pub namespace: Namespace<'a>,
    /// Whether addresses of load balancers below mean something above.
    pub load_balancer: bool,
    /// What is wrong with the object here, if something is.
    pub state: Option<&'a SyncState>,
    /// What the server made of the last write of this object's status.
    pub settled: Option<Settled>,
    pub now: Timestamp,
}

/// One PATCH of the object upstream, of type `application/merge-patch+json`. Each holds the uid of the object it is
/// about, so that it never reaches another one of the same name.
#[derive(Clone, Debug, PartialEq)]
pub enum StatusWrite {
    /// Of the subresource `status`. After it, [`Settled::after`] of `wanted` and of the answer is to be kept.
    Status { patch: Value, wanted: Map<String, Value> },
    /// Of the object itself: annotations of this target.
    Annotations(Value),
}

/// Why not all of a status was passed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the status holds members that are not of their type: {}", .0.join(", "))]
    Malformed(Vec<&'static str>),
    #[error("{0} targets leave no room for the share of one")]
    NoRoom(usize),
}

impl Trouble {
    /// Of a problem or a sync state.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Refused(Refused::TooLarge(_)) | Self::NoRoom(_) => "StatusTooLarge",
            Self::Refused(_) | Self::Malformed(_) => "StatusMalformed",
        }
    }

    /// As metrics count it.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Refused(Refused::TooLarge(_)) | Self::NoRoom(_) => "too_large",
            Self::Refused(_) | Self::Malformed(_) => "status_failed",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub write: Option<StatusWrite>,
    pub trouble: Option<Trouble>,
}

/// `downstream` is `None` if the object is known not to exist there. Nothing is to be written for an object that
/// does not carry this target's finalizer: it is not ours to speak of.
pub fn step(upstream: &Value, downstream: Option<&Value>, context: &Context<'_>) -> Step {
    let targets = share::targets(upstream);
    if !targets.contains(context.key) {
        return Step::default();
    }
    let telling = Telling::new(upstream, context);
    let (told, trouble) = telling.tell(downstream, targets.len());
    match targets.len() {
        1 => telling.alone(told, trouble),
        count => telling.among(told, trouble, downstream.is_some(), count),
    }
}

/// The annotations that go with this target's finalizer.
pub fn released(key: &str) -> Map<String, Value> {
    [share::COPY, share::SYNC_STATE]
        .map(|prefix| (format!("{prefix}{key}"), Value::Null))
        .into_iter()
        .collect()
}

struct Telling<'a> {
    upstream: &'a Value,
    context: &'a Context<'a>,
    shape: Option<&'static Shape>,
}

impl<'a> Telling<'a> {
    fn new(upstream: &'a Value, context: &'a Context<'a>) -> Self {
        Self { upstream, context, shape: shape(&context.kind.group, &context.kind.resource) }
    }

    /// The status below in words of upstream; `None` if nothing can be told of it.
    fn tell(
        &self,
        downstream: Option<&Value>,
        targets: usize,
    ) -> (Option<Map<String, Value>>, Option<Trouble>) {
        let Some(downstream) = downstream else { return (None, None) };
        let Clean { mut status, malformed } = match clean::clean(self.shape, &downstream["status"]) {
            Ok(clean) => clean,
            Err(refused) => return (None, Some(refused.into())),
        };
        self.context.namespace.map_back(&mut status);
        state::drop_ours(&mut status);
        let previous = self.previous(targets);
        generation::translate(self.upstream, downstream, previous.as_deref(), &mut status);
        if !self.tells_addresses() {
            status.remove("loadBalancer");
        }
        (Some(status), (!malformed.is_empty()).then_some(Trouble::Malformed(malformed)))
    }

    /// What this target told before.
    fn previous(&self, targets: usize) -> Option<Cow<'_, Map<String, Value>>> {
        match targets {
            1 => self.upstream["status"].as_object().map(Cow::Borrowed),
            _ => {
                let text = share::annotation(self.upstream, share::COPY, self.context.key)?;
                Some(Cow::Owned(Share::read(text)?.status))
            }
        }
    }

    /// Kubernetes takes addresses of Services of type LoadBalancer only.
    fn tells_addresses(&self) -> bool {
        let service = self.context.kind.is_core("services");
        self.context.load_balancer && (!service || self.upstream["spec"]["type"] == "LoadBalancer")
    }

    /// The one who syncs it writes its status.
    fn alone(&self, told: Option<Map<String, Value>>, trouble: Option<Trouble>) -> Step {
        let there = &self.upstream["status"];
        let state = self.state(trouble.as_ref());
        let in_condition = self.context.subresource && self.has_conditions(told.as_ref());
        let write = if !self.context.subresource || hold::is_final(self.shape, there) {
            None
        } else {
            let suspended = self.upstream["spec"]["suspend"] == true;
            let mut wanted = told.or_else(|| there.as_object().cloned()).unwrap_or_default();
            hold::hold(self.shape, there, suspended, &mut wanted);
            let state = state.as_ref().filter(|_| in_condition);
            self.set_condition(state, &mut wanted);
            let told = patch::is_same(self.shape, &wanted, there)
                || Settled::holds(self.context.settled, &wanted, there);
            (!told)
                .then(|| StatusWrite::Status { patch: patch::status_patch(self.upstream, &wanted), wanted })
        };
        let state = state.filter(|_| !in_condition || hold::is_final(self.shape, there));
        Step { write: write.or_else(|| self.annotate(None, state)), trouble }
    }

    /// Among several each writes its share.
    fn among(
        &self,
        told: Option<Map<String, Value>>,
        mut trouble: Option<Trouble>,
        exists: bool,
        targets: usize,
    ) -> Step {
        let known = share::annotation(self.upstream, share::COPY, self.context.key);
        let room = share::room(targets, share::taken(self.upstream, self.context.key));
        let copy = match told {
            // Nobody would make a status of it.
            _ if !self.context.subresource => None,
            Some(status) => {
                let text = Share::fit(&status, targets, room);
                trouble = if text.is_some() { trouble } else { Some(Trouble::NoRoom(targets)) };
                text
            }
            // What cannot be told does not change what was; an object that is gone has no share.
            None if exists => known.filter(|known| known.len() <= room).map(str::to_owned),
            None => None,
        };
        // Words need room as well.
        let told = trouble.as_ref().filter(|trouble| !matches!(trouble, Trouble::NoRoom(_)));
        let state = self.state(told).map(|state| state.brief(targets > share::WHOLE_TARGETS));
        Step { write: self.annotate(copy, state), trouble }
    }

    /// Somebody has to be told of trouble with the status itself, if of nothing worse.
    fn state(&self, trouble: Option<&Trouble>) -> Option<SyncState> {
        let of = |trouble: &Trouble| SyncState::new(State::Error, trouble.reason(), &trouble.to_string());
        self.context.state.cloned().or_else(|| trouble.map(of))
    }

    fn has_conditions(&self, told: Option<&Map<String, Value>>) -> bool {
        let custom = || {
            let told = told.is_some_and(|told| told.get("conditions").is_some_and(Value::is_array));
            told || self.upstream["status"]["conditions"].is_array()
        };
        self.shape.map_or_else(custom, Shape::has_conditions)
    }

    fn set_condition(&self, state: Option<&SyncState>, wanted: &mut Map<String, Value>) {
        let generation = self.upstream["metadata"]["generation"].as_i64();
        let observes = self.shape.is_none_or(|shape| shape.condition.contains(&"observedGeneration"));
        let known = &self.upstream["status"]["conditions"];
        let generation = generation.filter(|_| observes);
        state::set_condition(state, self.context.key, known, generation, self.context.now, wanted);
    }

    /// Makes this target's annotations these; what is `None` is taken away.
    fn annotate(&self, copy: Option<String>, state: Option<SyncState>) -> Option<StatusWrite> {
        let generation = self.upstream["metadata"]["generation"].as_i64();
        let state = state.map(|state| state.annotation(generation));
        let mut changed = Map::new();
        for (prefix, wanted) in [(share::COPY, copy), (share::SYNC_STATE, state)] {
            if share::annotation(self.upstream, prefix, self.context.key) != wanted.as_deref() {
                changed.insert(format!("{prefix}{}", self.context.key), wanted.into());
            }
        }
        let patch = || patch::annotations_patch(self.upstream, changed.clone());
        (!changed.is_empty()).then(|| StatusWrite::Annotations(patch()))
    }
}

#[cfg(test)]
mod tests;
