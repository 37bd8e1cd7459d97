//! What goes up after a pass that had nothing to write below: the status, and what becomes of the object.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{
    job::{Done, Failed, Job},
    key::Key,
    known::Known,
    pass::Pass,
    queue::Failure,
    recorder::{Outcome, Recorder},
    state::State,
};
use crate::{
    api::share::patch::Settled,
    liveness::clock::Now,
    syncer::{
        api::Call,
        decide::{Assignment, Bucket, Report, Step},
        errors::{ErrorType, Retry, classify},
        facts::Progress,
        json::meta,
        kind::Kind,
        status::{self, Context, Namespace, StatusWrite, SyncState},
    },
};

/// A status under way.
pub struct StatusPass {
    pub kind: Arc<Kind>,
    wanted: Option<Map<String, Value>>,
}

/// The bucket of a step, and what is wrong.
fn told(step: &Step) -> (Option<Bucket>, Option<&Report>) {
    match step {
        Step::Gone => (None, None),
        Step::Nothing(bucket) => (Some(*bucket), None),
        Step::Report(report) | Step::Wait(report, _) => (Some(report.bucket), Some(report)),
        Step::Delete { again: false, .. }
        | Step::RemoveFinalizer
        | Step::Release { .. }
        | Step::ProveGoneBelow
        | Step::ProveGoneAbove { .. } => (Some(Bucket::Deleting), None),
        _ => (Some(Bucket::Pending), None),
    }
}

impl State {
    /// Takes the pass into the report.
    pub fn note(&mut self, key: &Key, pass: &Pass, now: Now) {
        let (bucket, report) = told(&pass.step);
        let known = self.entries.get(key).and_then(|entry| entry.bucket);
        // Nothing of ours is there, and nothing waits.
        let bucket = if matches!(pass.step, Step::Wait(..))
            && pass.facts.above.is_none()
            && pass.facts.below.is_none()
        {
            None
        } else {
            bucket
        };
        self.ledger.moved(key, known, bucket);
        if self.ledger.trouble(key, report, now.wall)
            && let Some(report) = report
        {
            tracing::warn!(kind = pass.facts.kind.id(), object = %key, reason = report.reason, "{}", report.message);
        }
        if let Some(report) = report
            && self.tells()
            && self.ledger.tell(key)
        {
            self.notice(key, &pass.facts, report.reason, report.message.clone(), now.wall);
        }
        match bucket {
            Some(bucket) => {
                let entry = self.entries.entry(key.clone()).or_default();
                entry.bucket = Some(bucket);
                if bucket == Bucket::Synced {
                    entry.arrived = None;
                    entry.rare.take_if(|rare| !rare.contention.prune(now.elapsed) && rare.is_idle());
                }
            }
            None => {
                self.entries.remove(key);
                if known.is_some() && !key.namespace.is_empty() {
                    self.queue.changed(&Key::namespace(&key.namespace), now.elapsed);
                }
                if known.is_some() && self.target.deleting {
                    self.queue.look(&Key::target(), now.elapsed);
                }
            }
        }
    }

    /// Before the request of a step goes out: whether it is carried out may never be known.
    pub fn prepare(&mut self, key: &Key, pass: &Pass, now: Now) {
        let writes_fields = matches!(pass.step, Step::Create | Step::Apply(_));
        if writes_fields && pass.facts.basis.token.is_some() {
            self.notice_kept_mounts(key, &pass.facts, now.wall);
        }
        if writes_fields
            && let Some(rare) = self.entries.get_mut(key).and_then(|entry| entry.rare.as_deref_mut())
        {
            rare.memory.gone_below = false;
        }
        if let Some(unit) = &pass.unit {
            self.breaker.deleted(unit.clone(), now.elapsed);
        }
    }

    /// For how long nothing is tried of the key's kind.
    pub fn rests(&mut self, key: &Key, now: Duration) -> Option<Duration> {
        let kind = self.kind_mut(key)?;
        let (until, _) = kind.rests.as_ref()?;
        match until.checked_sub(now).filter(|wait| !wait.is_zero()) {
            None => {
                kind.rests = None;
                None
            }
            wait => wait,
        }
    }

    /// Somebody keeps changing fields of the object, and it is not known who.
    pub fn needs_a_name(&self, key: &Key, pass: &Pass, now: Duration) -> bool {
        let contended = matches!(&pass.step, Step::Report(report) if report.reason == "FieldContention");
        contended && self.memory(key).is_some_and(|rare| rare.contention.nameless(now))
    }

    /// The status that is to go up, or how long it has to wait.
    pub fn status(
        &mut self,
        key: &Key,
        pass: &Pass,
        lease: bool,
        now: Now,
    ) -> Option<Result<(StatusPass, Job), Duration>> {
        let facts = &pass.facts;
        let above = facts.above.as_ref()?;
        let permission = self.permission(key, lease, now.elapsed);
        let writes = permission.lease && !permission.paused && !permission.dry_run && !permission.detaching;
        let listed = self.kind(key).is_some_and(|kind| kind.down.feed.listed);
        if !writes || !listed || facts.assignment != Assignment::Wanted || permission.kind_paused.is_some() {
            return None;
        }
        let state = match &pass.step {
            Step::Report(report) => sync_state(report),
            _ => None,
        };
        let below = facts.below.as_ref().filter(|_| facts.owner.is_some());
        let context = Context {
            key: self.plan.key(),
            kind: &facts.kind,
            subresource: facts.status,
            namespace: Namespace {
                upstream: &key.namespace,
                downstream: facts.place.as_ref().map(|place| &*place.namespace).unwrap_or_default(),
            },
            load_balancer: self.plan.load_balancer,
            state: state.as_ref(),
            settled: self.memory(key).and_then(|rare| rare.status),
            now: now.wall,
        };
        let write = status::step(above, below, &context).write?;
        if let Err(wait) = self.remember(key).allowance.take(now.elapsed) {
            return Some(Err(wait));
        }
        let manager = self.plan.manager();
        let (namespace, name) = (meta(above, "namespace"), meta(above, "name"));
        let (call, wanted) = match write {
            StatusWrite::Status { patch, wanted } => {
                (of_status(Call::merge(&facts.kind, namespace, name, &manager, patch)), Some(wanted))
            }
            StatusWrite::Annotations(patch) => {
                let call = Call::merge(&facts.kind, namespace, name, &manager, patch);
                (if counts_annotations(&facts.kind) { of_status(call) } else { call }, None)
            }
        };
        Some(Ok((StatusPass { kind: facts.kind.clone(), wanted }, Job::Above(call))))
    }

    /// Takes note of what a status came to.
    pub fn finish_status(
        &mut self,
        key: &Key,
        pass: StatusPass,
        done: Result<Done, Failed>,
        recorder: &dyn Recorder,
        now: Duration,
    ) -> (Outcome, Option<Known>) {
        match done {
            Ok(Done::Answered(answer)) => {
                let entry = self.entries.entry(key.clone()).or_default();
                if let Some((side, at)) = entry.arrived.take() {
                    recorder.propagated(side, now.saturating_sub(at));
                }
                let rare = entry.rare.get_or_insert_default();
                // What the server keeps as it was written need not be remembered.
                let is_settled = |wanted: &&Map<String, Value>| {
                    wanted.iter().any(|(member, value)| answer.object["status"].get(member) != Some(value))
                };
                rare.status = pass
                    .wanted
                    .as_ref()
                    .filter(is_settled)
                    .map(|wanted| Settled::after(wanted, &answer.object));
                let above = self.put_above(key, answer.object);
                (Outcome::Success, Some(Known { above, ..Known::default() }))
            }
            Ok(_) => (Outcome::Success, Some(Known::default())),
            Err(failed) => {
                let (error_type, retry) = classify(failed.side, &failed.error);
                recorder.error(if retry == Retry::Permanent { ErrorType::StatusFailed } else { error_type });
                let told = match retry {
                    Retry::After(wait) => Some(wait),
                    _ => None,
                };
                if self.queue.failed(key, Failure::from(retry), told, now) {
                    let error = failed.error.brief();
                    tracing::warn!(kind = pass.kind.id(), object = %key, error, "cannot write a status");
                }
                let outcome =
                    if error_type == ErrorType::Conflict { Outcome::Conflict } else { Outcome::Error };
                (outcome, None)
            }
        }
    }

    /// What syncing came to.
    pub fn progress(&self, now: Duration) -> Progress {
        let kinds: Vec<&Kind> = self.kinds.iter().map(|kind| &*kind.kind).collect();
        let contended = self.entries.iter().flat_map(|(key, entry)| {
            let fields = entry.rare.as_deref().map(|rare| rare.contention.describe(now)).unwrap_or_default();
            let kind = kinds.get(usize::from(key.kind));
            fields.into_iter().map(move |field| {
                format!("{} {key}: {field}", kind.map(|kind| kind.id()).unwrap_or_default())
            })
        });
        let paused: BTreeMap<_, _> = self
            .kinds
            .iter()
            .filter_map(|kind| Some((kind.kind.group_resource(), kind.resting(now)?)))
            .collect();
        let mut contended: Vec<_> = contended.collect();
        contended.sort();
        Progress {
            rows: self.ledger.rows(&kinds),
            problems: self.ledger.problems(&kinds),
            oldest: self.queue.oldest(now),
            deletions_paused: self.breaker.paused(),
            contended,
            paused,
            complete: self.complete(),
        }
    }
}

/// What is worth telling on the object itself.
fn sync_state(report: &Report) -> Option<SyncState> {
    let state = match report.bucket {
        Bucket::Error => status::State::Error,
        Bucket::Conflict => status::State::Conflict,
        Bucket::Drifted => status::State::Drifted,
        Bucket::Synced | Bucket::Pending | Bucket::Deleting => return None,
    };
    Some(SyncState::new(state, report.reason, &report.message))
}

/// The same of the subresource `status`.
fn of_status(mut call: Call) -> Call {
    call.path = call.path.replacen('?', "/status?", 1);
    call
}

/// Whether an annotation that is written to the object itself makes a new generation of it, as if its spec had
/// changed: what we tell would be out of date by being told. Its status takes annotations and counts none
/// (kubernetes/pkg/registry/apps/deployment/strategy.go).
fn counts_annotations(kind: &Kind) -> bool {
    kind.group == "apps" && kind.resource == "deployments"
}
