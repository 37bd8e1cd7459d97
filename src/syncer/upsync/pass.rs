//! One look at one key: which step is next, and what is made of its outcome.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{
    decide::{Below, Refusal, Step},
    job::{Done, Job},
    state::{Pair, State},
};
use crate::{
    api::share::patch::Settled,
    liveness::clock::Now,
    syncer::{
        api::{ApiError, Call},
        decide::{Bucket, Report},
        engine::{Failed, Object, Outcome, Recorder, key::Key, object::Kept, queue::Failure},
        errors::{ErrorType, Retry, classify},
        json::meta,
    },
};

/// How long nothing is tried where something else is in the place of a copy.
const TAKEN: Duration = Duration::from_secs(300);
/// How long a kind rests that was refused as a whole.
const KIND_RESTS: Duration = Duration::from_secs(60);

/// What is asked, for its outcome.
#[derive(Debug)]
pub enum Asked {
    Create,
    Update,
    Status(Map<String, Value>),
    Delete,
    /// The proof that an original is gone, and the deletion of its copy.
    Prove,
}

/// What comes of a look.
pub enum Judged {
    /// Nothing to do until something changes.
    Done,
    Wait(Duration),
    Ask(Asked, Box<Job>),
}

impl State {
    /// `lease`: a write may begin.
    pub fn judge(&mut self, key: &Key, lease: bool, now: Now, recorder: &dyn Recorder) -> Judged {
        let paused = self.target.paused && !self.target.deleting;
        if !lease || !self.target.ours || paused || self.plan.dry_run || !self.is_listed(key) {
            return Judged::Done;
        }
        if let Some(wait) = self.rests(key, now.elapsed) {
            return Judged::Wait(wait);
        }
        let Some(pair) = self.pair(key) else { return Judged::Done };
        let taken = self.memory.get(key).and_then(|memory| memory.taken);
        let wanted = pair.copy.is_none() && pair.original.is_some();
        if let Some(until) = taken.filter(|until| wanted && *until > now.elapsed) {
            return Judged::Wait(until - now.elapsed);
        }
        let below = match &pair.original {
            _ if self.target.deleting => Below::Released,
            Some(original) => Below::Found(original),
            None => Below::Unseen,
        };
        match pair.decide(key, &self.plan, below) {
            Step::Nothing => {
                self.ledger.trouble(key, None, now.wall);
                if pair.copy.is_none() {
                    self.memory.remove(key);
                }
                Judged::Done
            }
            Step::Refused(refusal) => {
                self.refused(key, &refusal, now, recorder);
                Judged::Done
            }
            Step::Prove => self.prove(key, &pair),
            step => self.asked(key, &pair, step),
        }
    }

    /// How long nothing is tried for the whole kind.
    fn rests(&mut self, key: &Key, now: Duration) -> Option<Duration> {
        let kind = self.kind_mut(key);
        let until = kind.rests.as_ref()?.0;
        if until > now {
            return Some(until - now);
        }
        kind.rests = None;
        self.ledger.changed = true;
        None
    }

    fn refused(&mut self, key: &Key, refusal: &Refusal, now: Now, recorder: &dyn Recorder) {
        let bucket = if *refusal == Refusal::Taken { Bucket::Conflict } else { Bucket::Error };
        let report = Report::new(bucket, refusal.reason(), refusal.to_string());
        if self.ledger.trouble(key, Some(&report), now.wall) {
            recorder.error(refusal.error_type());
        }
    }

    /// Nothing is asked of the cluster for a copy that goes anyway.
    fn prove(&self, key: &Key, pair: &Pair) -> Judged {
        let step = pair.decide(key, &self.plan, Below::Gone);
        let Some(delete) = step.request(&pair.context(key, &self.plan), &self.plan.manager()) else {
            return Judged::Done;
        };
        let look = Call::get(&pair.kind, pair.namespace_below(), &key.name);
        let (kind, name) = (pair.kind.clone(), key.name.to_string());
        Judged::Ask(Asked::Prove, Job::Prove { look, kind, name, delete }.into())
    }

    fn asked(&mut self, key: &Key, pair: &Pair, step: Step) -> Judged {
        let asked = match &step {
            Step::Create(_) => Asked::Create,
            Step::Update(_) => Asked::Update,
            Step::Status { wanted, .. } => Asked::Status(wanted.clone()),
            _ => Asked::Delete,
        };
        let Some(call) = step.request(&pair.context(key, &self.plan), &self.plan.manager()) else {
            return Judged::Done;
        };
        if !matches!(asked, Asked::Create) {
            return Judged::Ask(asked, Job::Write(call).into());
        }
        self.kind_mut(key).creating += 1;
        let look = Call::get(&pair.kind, &key.namespace, &key.name);
        Judged::Ask(asked, Job::Create { call, look }.into())
    }

    /// Takes note of what a step came to.
    pub fn finish(
        &mut self,
        key: &Key,
        asked: Asked,
        done: Result<Done, Failed>,
        recorder: &dyn Recorder,
        now: Now,
    ) -> Outcome {
        if matches!(asked, Asked::Create) {
            self.kind_mut(key).creating -= 1;
        }
        let (again, outcome) = match done {
            Ok(Done::Written(answer)) => (self.written(key, asked, answer.object), Outcome::Success),
            Ok(Done::Met(met)) => (self.met(key, &met, now, recorder), Outcome::Conflict),
            Ok(Done::Found(original)) => {
                let (namespace, name) = (meta(&original, "namespace"), meta(&original, "name"));
                let object = Object::at(namespace, name, Kept::of(&original));
                (self.kind_mut(key).down.put(object).is_some(), Outcome::Noop)
            }
            Err(failed) => return self.failed(key, &asked, &failed, recorder, now),
        };
        self.queue.done(key, again, now.elapsed);
        outcome
    }

    /// Whether there may be more to do.
    fn written(&mut self, key: &Key, asked: Asked, object: Value) -> bool {
        // What is deleted is told of by its source: an answer might come after its end.
        if matches!(asked, Asked::Delete | Asked::Prove) {
            return false;
        }
        if let Some(memory) = self.memory.get_mut(key) {
            (memory.stuck, memory.taken) = (false, None);
        }
        if let Asked::Status(wanted) = asked {
            let settled = Settled::after(&wanted, &object);
            self.memory.entry(key.clone()).or_default().settled = Some(settled);
        }
        self.kind_mut(key).up.put(key.object_of(Kept::of(&object)));
        true
    }

    /// Something has the name of a copy: it is ours and not told of yet, or it stays as it is.
    fn met(&mut self, key: &Key, met: &Value, now: Now, recorder: &dyn Recorder) -> bool {
        let Some(mut pair) = self.pair(key) else { return false };
        let (Some(original), copy) = (pair.original.take(), met.clone()) else { return false };
        pair.copy = Some(copy);
        if let Step::Refused(refusal) = pair.decide(key, &self.plan, Below::Found(&original)) {
            self.refused(key, &refusal, now, recorder);
            self.memory.entry(key.clone()).or_default().taken = Some(now.elapsed + TAKEN);
            return true;
        }
        self.kind_mut(key).up.put(key.object_of(Kept::of(met))).is_some()
    }

    fn failed(
        &mut self,
        key: &Key,
        asked: &Asked,
        failed: &Failed,
        recorder: &dyn Recorder,
        now: Now,
    ) -> Outcome {
        let Failed { side, error } = failed;
        let (error_type, retry) = classify(*side, error);
        recorder.error(error_type);
        let kind = self.kind(key).kind.clone();
        if !matches!(asked, Asked::Create) && error.denies(&kind, &key.name) {
            self.kind_mut(key).up.remove(&key.namespace, &key.name);
            self.ledger.changed = true;
        }
        let refused = matches!(error_type, ErrorType::Invalid | ErrorType::Immutable);
        if refused && matches!(asked, Asked::Update) {
            self.memory.entry(key.clone()).or_default().stuck = true;
            self.queue.done(key, true, now.elapsed);
            return Outcome::Error;
        }
        if retry == Retry::Permanent || error_type == ErrorType::Forbidden {
            let report = Report::new(Bucket::Error, error_type.reason(), message(error));
            self.ledger.trouble(key, Some(&report), now.wall);
        }
        let told = match retry {
            Retry::After(wait) => Some(wait),
            Retry::PauseKind => {
                self.kind_mut(key).rests = Some((now.elapsed + KIND_RESTS, error.brief()));
                self.ledger.changed = true;
                Some(KIND_RESTS)
            }
            Retry::Backoff | Retry::Permanent | Retry::Reread => None,
        };
        if self.queue.failed(key, Failure::from(retry), told, now.elapsed) {
            tracing::warn!(kind = kind.id(), object = %key, error = error.brief(), "cannot show an object");
        }
        if error_type == ErrorType::Conflict { Outcome::Conflict } else { Outcome::Error }
    }
}

/// What a server says, without the values that it quotes of an object that is not valid.
fn message(error: &ApiError) -> String {
    match error {
        ApiError::Status { code: 403, message, .. } => message.clone(),
        ApiError::Status { details, .. } => {
            let fields = details.causes.iter().map(|cause| format!(", {}", cause.field));
            error.brief() + &fields.collect::<String>()
        }
        error => error.brief(),
    }
}
