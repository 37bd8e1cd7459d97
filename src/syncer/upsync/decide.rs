//! Objects that live below and are shown above: Pods, Endpoints and PersistentVolumes, for kinds that are asked for.
//!
//! Pure: what there is on both sides in, at most one request upstream out. A copy is ours by its label and by its
//! owner; what is not ours is never touched, and ours goes only when its original is proven to be gone. It must not
//! know who sends the request.

mod owner;
mod render;
#[cfg(test)]
mod simulated;

use serde_json::{Map, Value, json};

use crate::{
    api::share::{
        clean::{Clean, clean},
        patch::{Settled, is_same, status_patch},
    },
    syncer::{
        api::{Action, Call},
        errors::ErrorType,
        json::meta,
        kind::Kind,
        status::{Namespace, Trouble, state},
    },
};

pub use self::owner::{STATE, UPSYNC, is_ours, namespace_below};

/// Copies of one kind that one target may have.
pub const MOST: usize = 10_000;

/// The kinds that can be asked for, all of the core group.
const KINDS: [&str; 3] = ["pods", "endpoints", "persistentvolumes"];

/// Whether objects of the kind can be shown above.
pub fn admits(kind: &Kind) -> bool {
    kind.group.is_empty() && KINDS.contains(&kind.resource.as_str())
}

/// The namespace below that an object belongs to, which has to be one of ours: its own, or that of the claim that a
/// volume is bound to. `None`: it belongs to nobody, and is not shown.
pub fn namespace_of<'a>(kind: &Kind, downstream: &'a Value) -> Option<&'a str> {
    let place = match kind.namespaced {
        true => &downstream["metadata"]["namespace"],
        false => &downstream["spec"]["claimRef"]["namespace"],
    };
    place.as_str().filter(|namespace| !namespace.is_empty())
}

/// Whether an object is the copy of a cluster's object, whichever cluster that is.
pub fn is_copy(object: &Value, kind: &Kind) -> bool {
    let labels = || object["metadata"]["labels"].as_object().into_iter().flatten();
    admits(kind) && labels().any(|(name, value)| name.starts_with(STATE) && value == UPSYNC)
}

/// The original.
#[derive(Clone, Copy, Debug)]
pub enum Below<'a> {
    Found(&'a Value),
    /// The cache has none, which proves nothing.
    Unseen,
    /// A live read was answered 404, and the answer named the object.
    Gone,
    /// It is not to be shown any more: the target or the kind is given up.
    Released,
}

/// What is known around the two objects.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The target's, and the uid of the SyncTarget.
    pub key: &'a str,
    pub target: &'a str,
    pub kind: &'a Kind,
    /// Of [`namespace_of`] the original. It is mapped: that of an object that is in none of ours is never given here.
    pub namespace: Namespace<'a>,
    /// The object's name, which is the same on both sides.
    pub name: &'a str,
    /// Copies of this kind that this target has.
    pub copies: usize,
    /// What the server made of the last write of this copy's status.
    pub settled: Option<Settled>,
    /// The server refused to change the copy into what is wanted: it is made anew.
    pub stuck: bool,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Nothing,
    /// Read the original live: it may be gone.
    Prove,
    /// Create, never replace: what is there already is not ours.
    Create(Value),
    /// A merge patch; it holds uid and version of the copy as it was judged.
    Update(Value),
    /// A merge patch of the status. After it, [`Settled::after`] of `wanted` and of the answer is to be kept.
    Status {
        patch: Value,
        wanted: Map<String, Value>,
    },
    /// Delete options with the uid and version of the copy as it was judged.
    Delete(Value),
    Refused(Refusal),
}

/// Why an original is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("an object of that name is there already and is not this target's copy")]
    Taken,
    #[error("the target has {MOST} copies of the kind; no more are made")]
    TooMany,
    #[error(transparent)]
    Status(#[from] Trouble),
}

impl Refusal {
    /// Of a problem.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Taken => "NameTaken",
            Self::TooMany => "TooManyCopies",
            Self::Status(trouble) => trouble.reason(),
        }
    }

    /// As metrics count it.
    pub fn error_type(&self) -> ErrorType {
        match self {
            Self::Taken => ErrorType::OwnershipConflict,
            Self::TooMany => ErrorType::TooLarge,
            Self::Status(_) => ErrorType::StatusFailed,
        }
    }
}

impl Step {
    /// As it is asked of the API upstream; `None`: nothing is.
    pub fn request(self, context: &Context<'_>, manager: &str) -> Option<Call> {
        let (kind, name) = (context.kind, context.name);
        let namespace = if kind.namespaced { context.namespace.upstream } else { "" };
        Some(match self {
            Self::Nothing | Self::Prove | Self::Refused(_) => return None,
            Self::Create(body) => Call::create(kind, namespace, manager, body),
            Self::Update(patch) => Call::merge(kind, namespace, name, manager, patch),
            Self::Status { patch, .. } => {
                let path = format!("{}/status?fieldManager={manager}", kind.path(namespace, name));
                Call { action: Action::Merge, path, body: patch }
            }
            Self::Delete(options) => {
                Call { action: Action::Delete, path: kind.path(namespace, name), body: options }
            }
        })
    }
}

/// `upstream` is the copy as it was read last, or what is there in its place.
pub fn decide(upstream: Option<&Value>, below: Below<'_>, context: &Context<'_>) -> Step {
    let ours = upstream.filter(|copy| owner::is_ours(copy, context));
    match (below, upstream, ours) {
        (Below::Found(original), Some(_), Some(copy)) => keep(copy, original, context),
        (Below::Found(_), Some(_), None) => Step::Refused(Refusal::Taken),
        (Below::Found(_), None, _) if context.copies >= MOST => Step::Refused(Refusal::TooMany),
        (Below::Found(original), None, _) => match render::copy(original, context) {
            Ok(copy) => Step::Create(copy),
            Err(trouble) => Step::Refused(trouble.into()),
        },
        (Below::Unseen, _, Some(_)) => Step::Prove,
        (Below::Gone | Below::Released, _, Some(copy)) => delete(copy, context),
        (Below::Unseen | Below::Gone | Below::Released, _, None) => Step::Nothing,
    }
}

/// Keeps a volume that is bound, which a copy is for good.
const PROTECTION: &str = "kubernetes.io/pv-protection";

/// What was deleted already goes when it goes.
fn delete(copy: &Value, context: &Context<'_>) -> Step {
    let meta = &copy["metadata"];
    if meta["deletionTimestamp"].is_string() {
        let finalizers = meta["finalizers"].as_array().map_or(&[][..], Vec::as_slice);
        let others: Vec<_> = finalizers.iter().filter(|one| *one != PROTECTION).collect();
        if others.len() == finalizers.len() {
            return Step::Nothing;
        }
        let (uid, version) = (&meta["uid"], &meta["resourceVersion"]);
        return Step::Update(
            json!({"metadata": {"uid": uid, "resourceVersion": version, "finalizers": others}}),
        );
    }
    let preconditions = json!({"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]});
    let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background", "preconditions": preconditions});
    if context.kind.resource == "pods" {
        // No kubelet will ever confirm its end.
        options["gracePeriodSeconds"] = 0.into();
    }
    Step::Delete(options)
}

fn keep(copy: &Value, original: &Value, context: &Context<'_>) -> Step {
    // Another one of the same name: its predecessor is gone. Or somebody deletes the copy.
    if !owner::is_of(copy, original) || !meta(copy, "deletionTimestamp").is_empty() {
        return delete(copy, context);
    }
    let wanted = match render::copy(original, context) {
        Ok(wanted) => wanted,
        Err(trouble) => return Step::Refused(trouble.into()),
    };
    if !render::is_same(copy, &wanted) {
        if context.stuck {
            return delete(copy, context);
        }
        return Step::Update(render::update(copy, wanted));
    }
    if context.kind.resource == "endpoints" {
        return Step::Nothing;
    }
    match status(original, context) {
        Ok(wanted) => {
            let there = &copy["status"];
            let told = is_same(None, &wanted, there) || Settled::holds(context.settled, &wanted, there);
            if told { Step::Nothing } else { Step::Status { patch: status_patch(copy, &wanted), wanted } }
        }
        Err(trouble) => Step::Refused(trouble.into()),
    }
}

/// The original's, in words of upstream.
fn status(original: &Value, context: &Context<'_>) -> Result<Map<String, Value>, Trouble> {
    let Clean { mut status, .. } = clean(None, &original["status"])?;
    context.namespace.map_back(&mut status);
    state::drop_ours(&mut status);
    // Generations are counted on each side alone.
    status.remove("observedGeneration");
    for condition in status.get_mut("conditions").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(condition) = condition.as_object_mut() {
            condition.remove("observedGeneration");
        }
    }
    Ok(status)
}

#[cfg(test)]
mod tests;
