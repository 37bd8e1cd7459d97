//! All that the engine knows. Events of both sides and outcomes change it; passes read it. It talks to nobody.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use super::{
    key::Key,
    plan::Plan,
    progress::Ledger,
    queue::Queue,
    references::References,
    rules::Rules,
    store::{Feed, Store},
    target::Target,
};
use crate::{
    api::share::patch::Settled as SettledStatus,
    informers::Resource,
    syncer::{
        assignment::Placed,
        breaker::Breaker,
        contention::Contention,
        decide::{Bucket, Memory, namespace::Content},
        errors::Side,
        events::Notice,
        kind::Kind,
        status::Allowance,
    },
};

/// One kind, on both sides.
#[derive(Debug)]
pub struct KindState {
    pub kind: Arc<Kind>,
    /// Its status is written apart upstream.
    pub status: bool,
    pub up: Store,
    pub down: Store,
    /// It is served on both sides.
    pub served: bool,
    /// Why it is not synced now.
    pub paused: Option<String>,
    /// A request found the kind missing: nothing is tried before then, and why.
    pub rests: Option<(Duration, String)>,
}

impl KindState {
    /// Why nothing is done about it now.
    pub fn resting(&self, now: Duration) -> Option<String> {
        let rests = self.rests.as_ref().filter(|(until, _)| *until > now).map(|(_, why)| why.clone());
        let denied = |store: &Store, place| {
            store.feed.denied.then(|| format!("the syncer may not list and watch it {place}"))
        };
        let denied = || denied(&self.up, "in the workspace").or_else(|| denied(&self.down, "on the cluster"));
        self.paused.clone().or(rests).or_else(denied)
    }
}

/// What is remembered of one key.
#[derive(Debug, Default)]
pub struct Entry {
    pub bucket: Option<Bucket>,
    /// When a change came that is not written yet, and from where.
    pub arrived: Option<(Side, Duration)>,
    pub rare: Option<Box<Rare>>,
}

/// What is remembered of few.
#[derive(Debug, Default)]
pub struct Rare {
    pub memory: Memory,
    /// When what was refused or in the way is tried again, and how often that was.
    pub expires: Option<Duration>,
    pub tries: u32,
    /// What the server made of the last status.
    pub status: Option<SettledStatus>,
    pub allowance: Allowance,
    pub contention: Contention,
}

impl Rare {
    /// Whether nothing in it is worth keeping.
    pub fn is_idle(&self) -> bool {
        self.memory.is_empty() && self.expires.is_none() && self.status.is_none()
    }
}

/// One namespace of the workspace.
#[derive(Debug, Default)]
pub struct NamespaceState {
    pub empty_since: Option<Duration>,
    pub content: Option<(Content, Duration)>,
}

/// A namespace below that we would make and that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// Its own namespace is preserved: it is used as it is.
    Used,
    /// Why it cannot be used.
    Taken(String),
}

/// All of it.
pub struct State {
    pub plan: Arc<Plan>,
    pub kinds: Vec<KindState>,
    pub by_resource: HashMap<Resource, u16>,
    pub up_namespaces: Store,
    /// Those that bear our label.
    pub down_namespaces: Store,
    pub met: HashMap<String, Met>,
    pub placements_feed: Feed,
    pub placements: BTreeMap<String, Placed>,
    pub rules: Rules,
    pub target: Target,
    pub queue: Queue,
    pub entries: HashMap<Key, Entry>,
    pub namespaces: HashMap<Arc<str>, NamespaceState>,
    pub breaker: Breaker,
    pub references: References,
    pub ledger: Ledger,
    /// Since when this process may write without a break.
    pub leading_since: Option<Duration>,
    /// Whether a write could begin, and orphans were judged, when that was last looked at.
    pub gates: (bool, bool),
    /// Kinds are known.
    pub discovered: bool,
    /// Something is not served that was.
    pub rediscover: bool,
    /// Nothing that is shown upstream has to go before the SyncTarget may.
    pub unshown: bool,
    /// To be told of.
    pub notices: Vec<Notice>,
}

impl State {
    pub fn new(plan: Arc<Plan>) -> Self {
        Self {
            breaker: Breaker::new(&plan.identity.name),
            rules: Rules::new(&plan),
            plan,
            kinds: Vec::new(),
            by_resource: HashMap::new(),
            up_namespaces: Store::default(),
            down_namespaces: Store::default(),
            met: HashMap::new(),
            placements_feed: Feed::default(),
            placements: BTreeMap::new(),
            target: Target::default(),
            queue: Queue::default(),
            entries: HashMap::new(),
            namespaces: HashMap::new(),
            references: References::default(),
            ledger: Ledger::default(),
            leading_since: None,
            gates: (false, false),
            discovered: false,
            rediscover: false,
            unshown: false,
            notices: Vec::new(),
        }
    }

    pub fn kind(&self, key: &Key) -> Option<&KindState> {
        self.kinds.get(usize::from(key.kind))
    }

    pub fn kind_mut(&mut self, key: &Key) -> Option<&mut KindState> {
        self.kinds.get_mut(usize::from(key.kind))
    }

    pub fn memory(&self, key: &Key) -> Option<&Rare> {
        self.entries.get(key)?.rare.as_deref()
    }

    /// What is remembered of the key, to be changed.
    pub fn remember(&mut self, key: &Key) -> &mut Rare {
        self.entries.entry(key.clone()).or_default().rare.get_or_insert_default()
    }

    /// Objects below that bear our label.
    pub fn owned(&self) -> usize {
        self.kinds.iter().map(|kind| kind.down.len()).sum()
    }

    /// Everything that is to be synced was listed on both sides.
    pub fn listed(&self) -> bool {
        self.listed_where(|feed| feed.listed)
    }

    fn listed_where(&self, is_done: fn(&Feed) -> bool) -> bool {
        let placements =
            self.plan.mode == crate::syncer::assignment::Mode::Filter || self.placements_feed.listed;
        self.discovered
            && placements
            && self.up_namespaces.feed.listed
            && self.down_namespaces.feed.listed
            && self
                .kinds
                .iter()
                .filter(|kind| kind.served)
                .all(|kind| is_done(&kind.up.feed) && is_done(&kind.down.feed))
    }

    /// The same, as far as it may be listed: what may not holds up its own kind alone.
    pub fn complete(&self) -> bool {
        self.listed_where(|feed| feed.listed || feed.denied)
    }

    /// Whether objects without one upstream may be judged.
    pub fn sweeps(&self, now: Duration) -> bool {
        let settled = self.leading_since.is_some_and(|since| now.saturating_sub(since) >= self.plan.settle);
        settled && self.target.ours && self.listed()
    }

    /// Takes note of whether this process leads, and looks at everything again when that changes what may be done.
    pub fn lead(&mut self, leads: bool, now: Duration) {
        match leads {
            true => drop(self.leading_since.get_or_insert(now)),
            false => self.leading_since = None,
        }
        let gates = (leads, self.sweeps(now));
        if std::mem::replace(&mut self.gates, gates) != gates {
            self.resync(now);
        }
    }

    /// Looks at everything again. What is only below is among the entries since it was first seen.
    pub fn resync(&mut self, now: Duration) {
        self.met.retain(|_, met| *met == Met::Used);
        self.entries.keys().for_each(|key| self.queue.look(key, now));
        for (index, kind) in self.kinds.iter().enumerate() {
            let keys = kind.up.iter().map(|(namespace, name, _)| Key::of(index as u16, namespace, name));
            keys.for_each(|key| self.queue.look(&key, now));
        }
        let above = self.up_namespaces.iter().map(|(_, name, _)| Key::namespace(name));
        let below = self.down_namespaces.iter().filter_map(|(.., kept)| self.namespace_below(kept));
        let others: Vec<_> = above.chain(below).chain([Key::target()]).collect();
        others.iter().for_each(|key| self.queue.look(key, now));
    }
}
