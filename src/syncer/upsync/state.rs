//! All that is known of copies and originals, and what is remembered of some. It talks to nobody.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use super::decide::{self, Below, Context, Step, namespace_below, namespace_of};
use crate::{
    api::{share::patch::Settled, workload::NamespaceMapping},
    syncer::{
        engine::{
            Plan, key::Key, object::Kept, progress::Ledger, queue::Queue, store::Store, target::Target,
        },
        facts::Progress,
        identity::Identity,
        kind::Kind,
        naming,
        status::Namespace,
    },
};

/// One kind, on both sides.
#[derive(Debug)]
pub struct KindState {
    pub kind: Kind,
    /// What bears our label upstream.
    pub up: Store,
    /// Of all namespaces; empty texts stand for objects that are of no interest.
    pub down: Store,
    /// The sides, upstream first, that do not serve it.
    pub missing: [bool; 2],
    /// A request found the kind missing: nothing is tried before then, and why.
    pub rests: Option<(Duration, String)>,
    /// Copies that are being made and are not in the store yet.
    pub creating: usize,
}

/// What is remembered of one copy.
#[derive(Debug, Default)]
pub struct Memory {
    /// What the server made of the last status.
    pub settled: Option<Settled>,
    /// The server refused to change it.
    pub stuck: bool,
    /// Something else is in its place: nothing is tried before then.
    pub taken: Option<Duration>,
}

/// All of it. Keys are places upstream.
pub struct State {
    pub plan: Arc<Plan>,
    pub kinds: Vec<KindState>,
    pub up_namespaces: Store,
    /// Those that bear our label.
    pub down_namespaces: Store,
    /// From namespaces below that are proven ours to living ones of the workspace.
    pub homes: BTreeMap<String, String>,
    pub target: Target,
    pub queue: Queue,
    pub memory: HashMap<Key, Memory>,
    pub ledger: Ledger,
    /// This process leads, as far as was looked.
    pub leads: bool,
}

/// The two objects of one key.
pub struct Pair {
    pub kind: Kind,
    pub copy: Option<Value>,
    pub original: Option<Value>,
    above: String,
    below: String,
    copies: usize,
    settled: Option<Settled>,
    stuck: bool,
}

impl Pair {
    pub fn decide(&self, key: &Key, plan: &Plan, below: Below<'_>) -> Step {
        decide::decide(self.copy.as_ref(), below, &self.context(key, plan))
    }

    pub fn context<'a>(&'a self, key: &'a Key, plan: &'a Plan) -> Context<'a> {
        Context {
            key: plan.key(),
            target: &plan.identity.uid,
            kind: &self.kind,
            namespace: Namespace { upstream: &self.above, downstream: &self.below },
            name: &key.name,
            copies: self.copies,
            settled: self.settled,
            stuck: self.stuck,
        }
    }

    /// Of the original; empty for an object in no namespace.
    pub fn namespace_below(&self) -> &str {
        if self.kind.namespaced { &self.below } else { "" }
    }
}

impl State {
    pub fn new(plan: Arc<Plan>, kinds: Vec<Kind>) -> Self {
        let kinds = kinds.into_iter().map(|kind| KindState {
            kind,
            up: Store::default(),
            down: Store::default(),
            missing: [false; 2],
            rests: None,
            creating: 0,
        });
        Self {
            plan,
            kinds: kinds.collect(),
            up_namespaces: Store::default(),
            down_namespaces: Store::default(),
            homes: BTreeMap::new(),
            target: Target::default(),
            queue: Queue::default(),
            memory: HashMap::new(),
            ledger: Ledger::default(),
            leads: false,
        }
    }

    pub fn kind(&self, key: &Key) -> &KindState {
        &self.kinds[usize::from(key.kind)]
    }

    pub fn kind_mut(&mut self, key: &Key) -> &mut KindState {
        &mut self.kinds[usize::from(key.kind)]
    }

    /// What is there of a key on both sides.
    pub fn pair(&self, key: &Key) -> Option<Pair> {
        let state = self.kind(key);
        let copy = state.up.get(&key.namespace, &key.name).map(Kept::read);
        let below = match state.kind.namespaced {
            true => self.place_below(key, copy.as_ref())?,
            false => String::new(),
        };
        let original = state.down.get(&below, &key.name).map(Kept::read);
        let original = original.filter(|object| self.key_of_original(key.kind, object).as_ref() == Some(key));
        let mut pair = Pair {
            kind: state.kind.clone(),
            copy,
            original,
            above: key.namespace.to_string(),
            below,
            copies: state.up.len() + state.creating,
            settled: None,
            stuck: false,
        };
        if let Some(memory) = self.memory.get(key) {
            (pair.settled, pair.stuck) = (memory.settled, memory.stuck);
        }
        // A volume has the namespace of its claim.
        if let (false, Some(original)) = (pair.kind.namespaced, &pair.original) {
            let claimed = namespace_of(&pair.kind, original).unwrap_or_default();
            pair.above = self.homes.get(claimed).cloned().unwrap_or_default();
            pair.below = claimed.to_owned();
        }
        Some(pair)
    }

    /// The namespace below of an original: where it is now, or where its copy says that it was before the target named
    /// namespaces otherwise.
    fn place_below(&self, key: &Key, copy: Option<&Value>) -> Option<String> {
        let identity = &self.plan.identity;
        let other = match identity.namespace_mapping {
            NamespaceMapping::Hashed => NamespaceMapping::Preserve,
            NamespaceMapping::Preserve => NamespaceMapping::Hashed,
        };
        let other = Identity { namespace_mapping: other, ..identity.clone() };
        let earlier = naming::downstream_namespace(&other, &key.namespace).ok();
        let said = copy.and_then(namespace_below);
        match said.is_some() && said == earlier {
            true => earlier,
            false => naming::downstream_namespace(identity, &key.namespace).ok(),
        }
    }

    /// Where an object below is shown; none if it is in no namespace of ours, or every cluster makes it for itself.
    pub fn key_of_original(&self, index: u16, original: &Value) -> Option<Key> {
        let kind = &self.kinds.get(usize::from(index))?.kind;
        let name = original["metadata"]["name"].as_str()?;
        let above = self.homes.get(namespace_of(kind, original)?)?;
        let shown = Key::object(index, if kind.namespaced { above } else { "" }, name);
        (!kind.is_own(above, name)).then_some(shown)
    }

    /// Enough is known to judge objects of the kind.
    pub fn is_listed(&self, key: &Key) -> bool {
        let kind = self.kind(key);
        let below =
            kind.down.feed.listed && self.up_namespaces.feed.listed && self.down_namespaces.feed.listed;
        kind.up.feed.listed && (below || self.target.deleting)
    }

    /// Takes note of whether this process leads.
    pub fn lead(&mut self, leads: bool, now: Duration) {
        if std::mem::replace(&mut self.leads, leads) != leads {
            self.resync(now);
        }
    }

    /// Looks at everything again.
    pub fn resync(&mut self, now: Duration) {
        self.ledger.changed = true;
        for key in self.keys(|_| true, |_| true) {
            self.queue.look(&key, now);
        }
    }

    /// Of the copies in chosen namespaces of the workspace, and of the originals in chosen ones below. Those in no
    /// namespace are always among them.
    pub fn keys(&self, above: impl Fn(&str) -> bool, below: impl Fn(&str) -> bool) -> Vec<Key> {
        let mut keys = Vec::new();
        for (index, kind) in self.kinds.iter().enumerate() {
            let index = index as u16;
            let copies = kind.up.iter().filter(|(namespace, ..)| namespace.is_empty() || above(namespace));
            keys.extend(copies.map(|(namespace, name, _)| Key::of(index, namespace, name)));
            let originals =
                kind.down.iter().filter(|(namespace, ..)| namespace.is_empty() || below(namespace));
            keys.extend(originals.filter_map(|(namespace, _, kept)| self.key_below(index, namespace, kept)));
        }
        keys
    }

    /// As [`State::key_of_original`], of what the store has.
    pub fn key_below(&self, index: u16, namespace: &str, kept: &Kept) -> Option<Key> {
        // Most objects of a cluster are none of ours, which need not be read to be seen.
        let unread = !namespace.is_empty() && !self.homes.contains_key(namespace);
        if unread { None } else { self.key_of_original(index, &kept.read()) }
    }

    /// The target goes, and nothing is left that has to go before it.
    pub fn is_unshown(&self) -> bool {
        let ours = |key: Key| {
            let pair = self.pair(&key)?;
            Some(decide::is_ours(pair.copy.as_ref()?, &pair.context(&key, &self.plan)))
        };
        self.target.deleting
            && self.kinds.iter().enumerate().all(|(index, kind)| {
                let listed = kind.up.feed.listed || kind.missing[0];
                listed
                    && kind.creating == 0
                    && !kind.up.iter().any(|(namespace, name, _)| {
                        ours(Key::of(index as u16, namespace, name)) == Some(true)
                    })
            })
    }

    pub fn progress(&self) -> Progress {
        let kinds: Vec<_> = self.kinds.iter().map(|kind| &kind.kind).collect();
        let paused = self.kinds.iter().filter_map(|kind| {
            let why = match (kind.missing, &kind.rests) {
                ([true, _], _) => "the workspace does not serve it, so it is not shown there".to_owned(),
                ([_, true], _) => "the cluster does not serve it".to_owned(),
                (_, Some((_, why))) => why.clone(),
                _ => return None,
            };
            Some((kind.kind.group_resource(), why))
        });
        Progress { problems: self.ledger.problems(&kinds), paused: paused.collect(), ..Progress::default() }
    }
}
