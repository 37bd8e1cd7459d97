//! An API upstream of one kind, and a cluster below, in the test's own process: requests are carried out as
//! Kubernetes does, and any of them may be lost before or after it is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Below, Context, MOST, Step, decide};
use crate::{
    api::share::patch::Settled,
    syncer::{
        api::{Action, Call},
        kind::Kind,
        status::Namespace,
    },
};

pub(super) const KEY: &str = "6ohB8yeXhwqTQVuBzJRgqcRJTpRjX7yTZu5g5g";

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    /// It never arrives, and its sender dies.
    Lost,
    /// It is carried out, and its sender dies before it hears of it.
    AnswerLost,
}

/// Why a live read below did not find an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Live {
    Works,
    /// 401, 403, 5xx, a timeout, or a 404 that names no object.
    Broken,
}

pub(super) struct World {
    kind: Kind,
    /// By name.
    pub upstream: BTreeMap<String, Value>,
    pub downstream: BTreeMap<String, Value>,
    /// What the cache knows of below; it may be behind, or empty.
    pub cache: BTreeMap<String, Value>,
    pub live: Live,
    settled: BTreeMap<String, Settled>,
    version: u64,
    pub requests: Vec<Call>,
}

impl World {
    pub fn new(resource: &str, kind: &str) -> Self {
        let (group, version) = (String::new(), "v1".to_owned());
        let namespaced = resource != "persistentvolumes";
        let kind = Kind { group, version, resource: resource.to_owned(), kind: kind.to_owned(), namespaced };
        let empty = BTreeMap::new;
        Self {
            kind,
            upstream: empty(),
            downstream: empty(),
            cache: empty(),
            live: Live::Works,
            settled: BTreeMap::new(),
            version: 0,
            requests: Vec::new(),
        }
    }

    /// Puts an object there as a user or a controller does.
    pub fn put(&mut self, upstream: bool, name: &str, mut object: Value) {
        self.version += 1;
        object["metadata"]["name"] = name.into();
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let place = if upstream { "shop" } else { "kcp-33jbiactwhg0" };
        if self.kind.namespaced {
            object["metadata"]["namespace"] = place.into();
        }
        let side = if upstream { &mut self.upstream } else { &mut self.downstream };
        side.insert(name.to_owned(), object);
    }

    /// The cache catches up.
    pub fn see(&mut self) {
        self.cache = self.downstream.clone();
    }

    pub fn names(&self) -> Vec<String> {
        let all = self.upstream.keys().chain(self.downstream.keys()).chain(self.cache.keys());
        let mut names: Vec<_> = all.cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    pub fn decide(&self, name: &str, released: bool) -> Step {
        self.with(name, |context| {
            let below = match (released, self.cache.get(name)) {
                (true, _) => Below::Released,
                (false, Some(original)) => Below::Found(original),
                (false, None) => Below::Unseen,
            };
            match decide(self.upstream.get(name), below, context) {
                Step::Prove if self.live == Live::Works && !self.downstream.contains_key(name) => {
                    decide(self.upstream.get(name), Below::Gone, context)
                }
                step => step,
            }
        })
    }

    fn with<T>(&self, name: &str, run: impl FnOnce(&Context<'_>) -> T) -> T {
        run(&Context {
            key: KEY,
            target: "target-uid",
            kind: &self.kind,
            namespace: Namespace { upstream: "shop", downstream: "kcp-33jbiactwhg0" },
            name,
            copies: self.upstream.len().min(MOST - 1),
            settled: self.settled.get(name).copied(),
            stuck: false,
        })
    }

    /// One pass over one object; whether something was asked.
    pub fn pass(&mut self, name: &str, released: bool, fate: Fate) -> bool {
        let step = self.decide(name, released);
        let wanted = match &step {
            Step::Status { wanted, .. } => Some(wanted.clone()),
            _ => None,
        };
        let Some(request) = self.with(name, |context| step.request(context, "m")) else { return false };
        self.requests.push(request.clone());
        if fate != Fate::Lost {
            let answer = self.serve(name, request);
            if let (Fate::Answered, Some(wanted), Some(live)) = (fate, wanted, answer) {
                self.settled.insert(name.to_owned(), Settled::after(&wanted, &live));
            }
        }
        if fate != Fate::Answered {
            self.settled.clear();
        }
        true
    }

    fn serve(&mut self, name: &str, request: Call) -> Option<Value> {
        self.version += 1;
        let version = self.version.to_string();
        let known = self.upstream.get(name).cloned();
        let agrees = |meta: &Value| {
            known.as_ref().is_some_and(|known| {
                ["uid", "resourceVersion"]
                    .iter()
                    .all(|field| meta[field].is_null() || meta[field] == known["metadata"][field])
            })
        };
        match (request.action, request.path.contains("/status?")) {
            (Action::Create, _) if known.is_none() => {
                let mut object = request.body;
                object["metadata"]["uid"] = format!("up-{version}").into();
                object["metadata"]["resourceVersion"] = version.into();
                // A server fills in what is not said.
                object["status"] = json!({"phase": "Pending"});
                self.upstream.insert(name.to_owned(), object);
            }
            (Action::Merge, status) if agrees(&request.body["metadata"]) => {
                let mut object = known?;
                if status {
                    json_patch::merge(&mut object["status"], &request.body["status"]);
                    object["status"]["qosClass"] = "BestEffort".into();
                } else {
                    let kept = object["status"].clone();
                    json_patch::merge(&mut object, &request.body);
                    object["status"] = kept;
                }
                object["metadata"]["resourceVersion"] = version.into();
                self.upstream.insert(name.to_owned(), object);
            }
            (Action::Delete, _) if agrees(&request.body["preconditions"]) => {
                self.upstream.remove(name);
            }
            _ => return None,
        }
        self.upstream.get(name).cloned()
    }

    /// Passes over everything until nothing is asked.
    pub fn settle(&mut self, released: bool) {
        for _ in 0..20 {
            let mut asked = false;
            for name in self.names() {
                asked |= self.pass(&name, released, Fate::Answered);
            }
            if !asked {
                return;
            }
        }
        panic!("never quiet: {:#?}", self.requests);
    }
}
