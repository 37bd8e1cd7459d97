//! The place of one caller's present set of rows for one resource, and the rule by which it is replaced.
//!
//! Fed by requests and re-checks with surveys. It asks nobody itself.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{FRESH, set::RowSet, survey::Survey, wheel::Wheel};
use crate::apiserver::{
    authz::CachedAuthorizer,
    identity::{Attributes, Target, User},
    log::ResourceLog,
    resource::{ResourceInfo, Text},
    scope::Scope,
};

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct SlotKey {
    user: Arc<User>,
    group: Text,
    resource: Text,
    scope: Scope,
    namespace: String,
    /// Empty unless the request is about one name.
    name: String,
}

impl SlotKey {
    pub(crate) fn of(resource: &ResourceInfo, attributes: &Attributes) -> Self {
        let (namespace, name) = match &*attributes.target {
            Target::Resource { namespace, name, .. } => (namespace.clone(), name.clone()),
            Target::NonResource { .. } => Default::default(),
        };
        Self {
            user: attributes.user.clone(),
            group: resource.group.clone(),
            resource: resource.resource.clone(),
            scope: attributes.scope.clone(),
            namespace,
            name,
        }
    }
}

pub(crate) struct Slot {
    pub(crate) resource: Arc<ResourceInfo>,
    /// `get` without a name.
    pub(crate) question: Attributes,
    /// The one name the requests are about.
    pub(crate) only: Option<String>,
    /// tokio's, because it is held while the questions are asked.
    pub(crate) asking: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

struct State {
    log: Arc<ResourceLog>,
    door: Attributes,
    set: Option<Arc<RowSet>>,
    /// There was another set before: even a caller who sees all rows now has not seen all versions.
    replaced: bool,
    used: Instant,
    failed: Option<Instant>,
    misses: u32,
    phase: Option<usize>,
    checking: bool,
}

/// A set that a re-check is due for.
pub(crate) struct Due {
    pub(crate) set: Arc<RowSet>,
    pub(crate) door: Attributes,
}

impl Slot {
    pub(crate) fn new(resource: &Arc<ResourceInfo>, attributes: &Attributes, log: &Arc<ResourceLog>) -> Self {
        let name = match &*attributes.target {
            Target::Resource { name, .. } => name.clone(),
            Target::NonResource { .. } => String::new(),
        };
        let state = State {
            log: log.clone(),
            door: attributes.clone(),
            set: None,
            replaced: false,
            used: Instant::now(),
            failed: None,
            misses: 0,
            phase: None,
            checking: false,
        };
        let question = about(&Attributes { verb: "get".into(), ..attributes.clone() }, "");
        Self {
            resource: resource.clone(),
            question,
            only: Some(name).filter(|name| !name.is_empty()),
            asking: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
        }
    }

    /// Notes a request. The door that is re-checked is the watch's if there was one: only watches stay.
    pub(crate) fn used_by(&self, attributes: &Attributes, log: &Arc<ResourceLog>) {
        let mut state = self.state.lock();
        state.used = Instant::now();
        state.log = log.clone();
        if attributes.verb == "watch" {
            state.door = attributes.clone();
        }
    }

    pub(crate) fn log(&self) -> Arc<ResourceLog> {
        self.state.lock().log.clone()
    }

    pub(crate) fn set(&self) -> Option<Arc<RowSet>> {
        self.state.lock().set.clone()
    }

    /// The present set if a new request may use it without asking.
    pub(crate) fn fresh(&self) -> Option<Arc<RowSet>> {
        let state = self.state.lock();
        let set = state.set.as_ref()?;
        (set.confirmed().elapsed() < FRESH).then(|| set.clone())
    }

    /// Confirms the present set, or replaces it by what was found.
    pub(crate) fn apply(&self, authorizer: &Arc<CachedAuthorizer>, survey: Survey) -> Arc<RowSet> {
        let mut state = self.state.lock();
        state.misses = 0;
        if let Some(set) = &state.set
            && set.agrees(&survey)
        {
            set.confirm(survey);
            return set.clone();
        }
        state.end();
        let since = state.since(survey.all);
        let set =
            RowSet::new(self.resource.clone(), self.question.clone(), authorizer.clone(), survey, since);
        let set = Arc::new(set);
        state.set = Some(set.clone());
        set
    }

    /// Ends `set` unless another has taken its place already.
    pub(crate) fn close(&self, set: &Arc<RowSet>) {
        let mut state = self.state.lock();
        if state.is(set) {
            state.end();
        }
    }

    /// Counts a re-check that nobody answered; the second in a row ends the set.
    pub(crate) fn missed(&self, set: &Arc<RowSet>) {
        let mut state = self.state.lock();
        state.misses += 1;
        if state.misses >= 2 && state.is(set) {
            state.end();
        }
    }

    pub(crate) fn is_current(&self, set: &Arc<RowSet>) -> bool {
        self.state.lock().is(set)
    }

    pub(crate) fn failed(&self) {
        self.state.lock().failed = Some(Instant::now());
    }

    /// Whether somebody asked in vain while we waited.
    pub(crate) fn failed_since(&self, came: Instant) -> bool {
        self.state.lock().failed.is_some_and(|failed| failed > came)
    }

    /// Gives the slot a second of the wheel if it has none.
    pub(crate) fn place(&self, wheel: &Mutex<Wheel>, cost: usize) {
        let mut state = self.state.lock();
        if state.phase.is_none() {
            state.phase = Some(wheel.lock().place(cost));
        }
    }

    pub(crate) fn is_idle(&self, since: Duration) -> bool {
        let state = self.state.lock();
        !state.is_held() && !state.checking && state.used.elapsed() >= since
    }

    /// Ends a set that watches hold but nobody has confirmed for `limit`.
    pub(crate) fn end_unconfirmed(&self, limit: Duration) {
        let mut state = self.state.lock();
        if state.set.as_ref().is_some_and(|set| set.confirmed().elapsed() > limit) && state.is_held() {
            state.end();
        }
    }

    /// In the slot's own second: what to re-check, and the cost. A slot nobody holds gives its second back.
    pub(crate) fn due(&self, phase: usize, settled: Duration) -> (Option<Due>, usize) {
        let mut state = self.state.lock();
        if state.phase != Some(phase) {
            return (None, 0);
        }
        let held = state.is_held();
        let Some(set) = state.set.clone().filter(|_| held || state.checking) else {
            state.phase = None;
            return (None, 0);
        };
        let cost = set.cost();
        if state.checking || set.confirmed().elapsed() < settled {
            return (None, cost);
        }
        state.checking = true;
        (Some(Due { set, door: state.door.clone() }), cost)
    }

    pub(crate) fn checked(&self) {
        self.state.lock().checking = false;
    }
}

impl State {
    fn is(&self, set: &Arc<RowSet>) -> bool {
        self.set.as_ref().is_some_and(|present| Arc::ptr_eq(present, set))
    }

    /// Whether anybody but this slot has the set.
    fn is_held(&self) -> bool {
        self.set.as_ref().is_some_and(|set| Arc::strong_count(set) > 1)
    }

    /// What the next set may be resumed from. The head is read after the old set has ended, so that nobody who
    /// trusted the old one has seen more; and since he may have seen the head, only the next version will do.
    fn since(&self, all: bool) -> u64 {
        if self.replaced {
            self.log.ask_for_version();
            return self.log.head() + 1;
        }
        if all { 0 } else { self.log.head() }
    }

    fn end(&mut self) {
        if let Some(set) = self.set.take() {
            set.end();
            self.replaced = true;
        }
    }
}

/// The same question about one name.
pub(crate) fn about(question: &Attributes, row: &str) -> Attributes {
    let mut question = question.clone();
    if let Target::Resource { name, .. } = Arc::make_mut(&mut question.target) {
        row.clone_into(name);
    }
    question
}
