//! Passes over namespaces and over the SyncTarget: what is kept in order around the objects.

use std::time::Duration;

use serde_json::Value;

use super::{
    job::{Done, Failed, Job},
    key::Key,
    object::{Kept, Object},
    queue::Failure,
    recorder::Recorder,
    requests,
    state::State,
};
use crate::syncer::{
    decide::{
        Seen,
        namespace::{self, Below, Situation, Step},
    },
    errors::classify,
    json::meta,
    naming,
};

impl State {
    /// What is done next about a namespace of the workspace; the namespace below is returned with it.
    pub fn judge_namespace(&mut self, key: &Key, lease: bool, now: Duration) -> (Step, Option<Job>) {
        let plan = self.plan.clone();
        let Ok(name) = naming::downstream_namespace(&plan.identity, &key.namespace) else {
            return (Step::Nothing, None);
        };
        let kept = self.down_namespaces.get("", &name);
        let live = kept.map(Kept::read);
        let ours = kept.is_some_and(|kept| self.made_for(kept) == Some(&key.namespace));
        let wanted = self.ledger.len_in(&key.namespace);
        let owned = self.kinds.iter().map(|kind| kind.down.len_in(&name)).sum();
        let state = self.namespaces.entry(key.namespace.clone()).or_default();
        match wanted + owned {
            0 => drop(state.empty_since.get_or_insert(now)),
            _ => *state = Default::default(),
        }
        let since = state.empty_since;
        let content = state.content.clone().map(|(content, at)| (content, now.saturating_sub(at)));
        let below = match (&live, self.down_namespaces.feed.listed) {
            (_, false) => Seen::Unsynced,
            (None, true) => Seen::Absent,
            (Some(live), true) => Seen::Present(Below {
                uid: meta(live, "uid"),
                resource_version: meta(live, "resourceVersion"),
                deleting: !meta(live, "deletionTimestamp").is_empty(),
                ours,
                damaged: requests::is_damaged(&plan, &key.namespace, live),
            }),
        };
        let permission = self.permission(key, lease, now);
        let empty_for = since.map(|since| now.saturating_sub(since));
        let situation = Situation { permission, below, wanted, owned, empty_for, content };
        let step = namespace::decide(&situation);
        let job = match &step {
            Step::Repair => live.as_ref().map(|live| requests::repair_namespace(&plan, &key.namespace, live)),
            // The kinds are filled in by whoever asks.
            Step::Look => Some(Job::Content { namespace: name, kinds: Vec::new() }),
            Step::Delete { uid, resource_version } => {
                Some(requests::delete_namespace(&name, uid, resource_version))
            }
            Step::Nothing | Step::Wait(_) => None,
        };
        if matches!(step, Step::Nothing) && live.is_none() {
            self.namespaces.remove(&key.namespace);
        }
        (step, job)
    }

    /// Takes note of what a step of a namespace came to.
    pub fn finish_namespace(
        &mut self,
        key: &Key,
        done: Result<Done, Failed>,
        recorder: &dyn Recorder,
        now: Duration,
    ) {
        match done {
            Ok(Done::Holds(content)) => {
                let state = self.namespaces.entry(key.namespace.clone()).or_default();
                state.content = Some((content, now));
                self.queue.done(key, true, now);
            }
            Ok(Done::Answered(answer)) => {
                let is_there = answer.object["kind"] != "Status" && !meta(&answer.object, "uid").is_empty();
                if is_there {
                    self.met_below(&answer.object);
                }
                self.namespaces.remove(&key.namespace);
                self.queue.wait(key, namespace::DELAY, now);
            }
            Ok(Done::Found(Some(object))) => {
                self.met_below(&object);
                self.queue.wait(key, namespace::DELAY, now);
            }
            Ok(_) => self.queue.wait(key, namespace::DELAY, now),
            Err(failed) => {
                recorder.error(classify(failed.side, &failed.error).0);
                self.queue.failed(key, Failure::Passing, None, now);
            }
        }
    }

    /// Takes a namespace below as it was answered.
    pub(super) fn met_below(&mut self, object: &Value) {
        self.down_namespaces.put(Object::at("", meta(object, "name"), Kept::of(object)));
    }

    /// What is done next about the SyncTarget: it is kept until all is released, and let go then. `idle`: no request is
    /// under way, for one that began before may still hold an object.
    pub fn judge_target(&mut self, lease: bool, idle: bool) -> Option<Job> {
        let writes = lease && self.target.ours && !self.plan.dry_run;
        if !writes {
            return None;
        }
        match (self.target.deleting, self.target.has_finalizer()) {
            (false, false) if !self.target.paused => {
                Some(requests::target_finalizer(&self.plan, &self.target, true))
            }
            (true, true) if idle && self.unshown && self.is_released() => {
                Some(requests::target_finalizer(&self.plan, &self.target, false))
            }
            _ => None,
        }
    }

    /// Nothing upstream bears our finalizer and nothing below our stamps. Of a kind that may not be listed below the
    /// finalizers tell: there is one before anything is made, until it is gone or let go.
    fn is_released(&self) -> bool {
        let finalizer = format!("\"{}\"", self.plan.finalizer());
        self.complete()
            && self.kinds.iter().all(|kind| kind.up.feed.listed || !kind.served)
            && self.kinds.iter().enumerate().all(|(index, kind)| {
                let bears = kind.up.iter().any(|(.., kept)| kept.holds(&finalizer));
                let owned = kind.down.iter().any(|(.., kept)| self.key_below(index as u16, kept).is_some());
                !(bears && kind.up.feed.listed || owned && kind.served)
            })
    }
}
