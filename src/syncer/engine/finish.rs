//! What the outcome of a step changes: what is known, what is remembered, and when the key is looked at again.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    facts::{Facts, fingerprint},
    job::{Done, Failed, held},
    key::Key,
    known::Known,
    pass::Pass,
    queue::Failure,
    recorder::{Operation, Outcome, Recorder},
    state::State,
};
use crate::syncer::{
    api::ApiError,
    compare::{FieldPath, differences},
    decide::{Causes, Memory, Refused, Settled, Step, memory::Held},
    errors::{ErrorType, Retry, Side, classify},
    json::meta,
};

/// Waits before what was refused is tried again without a change.
const PERMANENT: [u64; 4] = [300, 600, 1_200, 1_800];
/// How long a kind rests that was refused as a whole.
const KIND_RESTS: Duration = Duration::from_secs(60);

/// What a step counts as.
pub fn operation(step: &Step) -> Option<Operation> {
    Some(match step {
        Step::AddFinalizer | Step::RemoveFinalizer => Operation::Finalizer,
        Step::CopyUp(_) => Operation::Upsync,
        Step::EnsureNamespace | Step::Create => Operation::Create,
        Step::Apply(apply) if apply.adopts => Operation::Adopt,
        Step::Apply(_) => Operation::Update,
        Step::Delete { .. } => Operation::Delete,
        Step::Release { .. } => Operation::Release,
        _ => return None,
    })
}

impl State {
    /// Takes note of what a step of an object came to. One that went well has a next one, with what is known for it.
    pub fn finish(
        &mut self,
        key: &Key,
        pass: Pass,
        done: Result<Done, Failed>,
        recorder: &dyn Recorder,
        now: Duration,
    ) -> (Outcome, Option<Known>) {
        match done {
            Ok(done) => {
                let (outcome, learned) = self.succeeded(key, &pass, done, recorder, now);
                let Facts { above, rendered, mut basis, .. } = pass.facts;
                if let (Some(before), Some((version, after))) = (&above, &learned.above) {
                    basis = basis.renewed(before, after, *version);
                }
                let above = learned.above.or(above.map(|above| (basis.version, above)));
                let rendered = rendered.map(|rendered| (basis, rendered));
                (outcome, Some(Known { above, rendered, ..learned }))
            }
            Err(failed) => (self.failed(key, &pass, &failed, recorder, now), None),
        }
    }

    fn succeeded(
        &mut self,
        key: &Key,
        pass: &Pass,
        done: Done,
        recorder: &dyn Recorder,
        now: Duration,
    ) -> (Outcome, Known) {
        let Pass { step, facts, .. } = pass;
        match done {
            Done::Answered(answer) => return self.answered(key, step, facts, answer.object, recorder, now),
            Done::Found(object) => {
                self.found(key, step, facts, object.map(|object| *object), now);
                let outcome = if step.writes().is_some() { Outcome::Conflict } else { Outcome::Success };
                return (outcome, Known::default());
            }
            Done::Proven(uid) => self.remember(key).memory.gone_above = Some(uid),
            Done::Alive(object) => drop(self.put_above(key, *object)),
            Done::Explained(held) => {
                let contention = &mut self.remember(key).contention;
                for (field, manager) in held {
                    contention.name(&field, &manager);
                }
                for field in contention.left(now) {
                    contention.name_if_none(&field);
                }
                self.ledger.changed = true;
            }
            Done::Holds(_) => {}
        }
        (Outcome::Success, Known::default())
    }

    fn answered(
        &mut self,
        key: &Key,
        step: &Step,
        facts: &Facts,
        object: Value,
        recorder: &dyn Recorder,
        now: Duration,
    ) -> (Outcome, Known) {
        let mut known = Known::default();
        match step {
            Step::AddFinalizer | Step::RemoveFinalizer | Step::CopyUp(_) => {
                known.above = self.put_above(key, object);
            }
            Step::EnsureNamespace => self.met_below(&object),
            Step::Create | Step::Apply(_) => {
                let version = |object: &Value| meta(object, "resourceVersion").to_owned();
                let same = facts.below.as_ref().is_some_and(|below| version(below) == version(&object));
                self.written(key, step, facts, &object, recorder, now);
                known.below = self.put_below(key, facts, object);
                if same {
                    return (Outcome::Noop, known);
                }
            }
            Step::Delete { .. } if meta(&object, "deletionTimestamp").is_empty() => {
                self.gone_below(key, facts, now)
            }
            Step::Delete { .. } => known.below = self.put_below(key, facts, object),
            Step::Release { .. } => self.take_below(key, facts, now),
            _ => {}
        }
        (Outcome::Success, known)
    }

    /// Our fields are there, as the server keeps them.
    fn written(
        &mut self,
        key: &Key,
        step: &Step,
        facts: &Facts,
        object: &Value,
        recorder: &dyn Recorder,
        now: Duration,
    ) {
        if let Some(rendered) = &facts.rendered {
            let left: &[String] = match step {
                Step::Apply(apply) => &apply.without,
                _ => &[],
            };
            let values: BTreeMap<_, _> = differences(&rendered.object, object, &facts.kind)
                .into_iter()
                .map(|path| (path.to_string(), fingerprint(&path, object)))
                .filter(|(path, _)| !left.contains(path))
                .collect();
            let settled = (!values.is_empty()).then(|| Settled { hash: rendered.hash.clone(), values });
            let entry = self.entries.entry(key.clone()).or_default();
            if let Some((side, at)) = entry.arrived.take() {
                recorder.propagated(side, now.saturating_sub(at));
            }
            if settled.is_some() || entry.rare.is_some() {
                let rare = entry.rare.get_or_insert_default();
                let causes = rare.memory.causes.take().filter(|causes| causes.hash == rendered.hash);
                rare.memory = Memory { settled, causes, ..Memory::default() };
                rare.expires = None;
                rare.tries = 0;
            }
        }
        if let Step::Apply(apply) = step {
            for field in &apply.corrects {
                recorder.drift_corrected();
                self.remember(key).contention.corrected(field, now);
                self.ledger.changed = true;
            }
        }
    }

    /// Tried again without a change after some minutes, later each time.
    pub(super) fn set_aside(&mut self, key: &Key, now: Duration) {
        let rare = self.remember(key);
        let wait = PERMANENT[(rare.tries as usize).min(PERMANENT.len() - 1)];
        rare.tries = rare.tries.saturating_add(1);
        rare.expires = Some(now + Duration::from_secs(wait));
    }

    fn failed(
        &mut self,
        key: &Key,
        pass: &Pass,
        failed: &Failed,
        recorder: &dyn Recorder,
        now: Duration,
    ) -> Outcome {
        let Failed { side, error } = failed;
        let (error_type, retry) = classify(*side, error);
        recorder.error(error_type);
        let hash = pass.facts.rendered.as_ref().map(|rendered| rendered.hash.clone());
        let writes_fields = matches!(pass.step, Step::Create | Step::Apply(_) | Step::CopyUp(_));
        if let Some(place) = &pass.facts.place
            && error.denies_namespace(&place.namespace)
        {
            self.met.remove(&place.namespace);
            self.down_namespaces.remove("", &place.namespace);
        }
        match (error_type, &hash) {
            (ErrorType::FieldConflict, Some(hash)) if writes_fields => {
                recorder.conflict(policy_name(&pass.facts));
                let fields = conflicts(error, &pass.facts);
                self.set_aside(key, now);
                self.remember(key).memory.causes = Some(Causes { hash: hash.clone(), fields });
                self.queue.done(key, true, now);
                return Outcome::Conflict;
            }
            (_, Some(hash)) if writes_fields && retry == Retry::Permanent => {
                let message = message(error, &pass.facts);
                self.set_aside(key, now);
                self.remember(key).memory.refused = Some(Refused { hash: hash.clone(), error_type, message });
                self.queue.done(key, true, now);
                return Outcome::Error;
            }
            (ErrorType::NotFound, _) if *side == Side::Upstream => {
                if error.denies(&pass.facts.kind, &key.name)
                    && let Some(kind) = self.kind_mut(key)
                {
                    kind.up.remove(&key.namespace, &key.name);
                }
            }
            (ErrorType::NotFound, _) if error.denies(&pass.facts.kind, below_name(&pass.facts)) => {
                self.gone_below(key, &pass.facts, now);
            }
            _ => {}
        }
        let told = match retry {
            Retry::After(wait) => Some(wait),
            Retry::PauseKind => {
                let why = error.brief();
                if let Some(kind) = self.kind_mut(key) {
                    kind.rests = Some((now + KIND_RESTS, why));
                }
                self.rediscover = true;
                self.ledger.changed = true;
                Some(KIND_RESTS)
            }
            Retry::Backoff | Retry::Permanent | Retry::Reread => None,
        };
        if self.queue.failed(key, Failure::from(retry), told, now) {
            tracing::warn!(kind = pass.facts.kind.id(), object = %key, error = error.brief(), "cannot sync an object");
        }
        if error_type == ErrorType::Conflict { Outcome::Conflict } else { Outcome::Error }
    }
}

fn below_name(facts: &Facts) -> &str {
    facts.place.as_ref().map(|place| &*place.name).unwrap_or_default()
}

/// The fields of a conflict, and where they are in what was to be written.
fn conflicts(error: &ApiError, facts: &Facts) -> Vec<Held> {
    let object = facts.rendered.as_ref().map(|rendered| &rendered.object);
    let pointer = |field: &str| object.and_then(|object| FieldPath::find(field, object)?.pointer(object));
    held(error)
        .into_iter()
        .map(|(field, manager)| Held { pointer: pointer(&field).unwrap_or_default(), field, manager })
        .collect()
}

/// What a server says, unless it may quote a Secret.
fn message(error: &ApiError, facts: &Facts) -> String {
    match error {
        ApiError::Status { message, .. } if facts.kind.resource != "secrets" => message.clone(),
        error => error.brief(),
    }
}

fn policy_name(facts: &Facts) -> &'static str {
    use crate::api::placement::ConflictResolution::{DownstreamWins, FailOnConflict, UpstreamWins};
    match facts.policy.conflict_resolution {
        UpstreamWins => "UpstreamWins",
        DownstreamWins => "DownstreamWins",
        FailOnConflict => "FailOnConflict",
    }
}
