//! What is known of one object on both sides, put together for a decision.

use std::{hash::BuildHasher, sync::Arc};

use serde_json::Value;

use super::{
    key::Key,
    known::{Basis, Known, read},
    state::{KindState, Met, State},
    tokens::Token,
};
use crate::{
    api::{
        placement::{ApplyPolicy, DriftPolicy, Winner},
        share,
        workload::NamespaceMapping,
    },
    syncer::{
        assignment::{self, Context},
        compare::{FieldPath, differences},
        copy_up,
        decide::{Above, Assignment, Below, Home, Memory, Seen, Unrendered, conflict::ruled},
        json::{entries, entry, meta},
        kind::Kind,
        naming::{self, Place},
        ownership::{DESIRED_HASH, Owner, Ownership, desired_hash, ownership},
        render::Rendered,
    },
};

/// Annotation: how a conflict is settled that nobody wins by policy.
const RESOLVE: &str = "workload.kcp.io/resolve-conflict";
/// Annotation: lets go without proof, for the target with this uid.
const FORCE_DETACH: &str = "workload.kcp.io/force-detach";
/// Annotations that begin so hold back the deletion on the target whose key follows.
const SOFT: &str = "finalizers.workload.kcp.io/";

/// One object as both sides have it now, whole.
pub struct Facts {
    pub kind: Arc<Kind>,
    /// Its status is written apart upstream.
    pub status: bool,
    pub above: Option<Value>,
    pub below: Option<Value>,
    /// The stamp of what is below, if it was made of this very object of the workspace.
    pub owner: Option<Owner>,
    pub place: Option<Place>,
    pub rendered: Option<Rendered>,
    /// What it is rendered from is not listed yet.
    pub waits: bool,
    pub basis: Basis,
    pub policy: ApplyPolicy,
    pub assignment: Assignment,
}

/// A place below, what is there, and its stamp if that is ours.
type Made = (Option<Place>, Option<Value>, Option<Owner>);

impl State {
    pub(super) fn facts(&self, key: &Key, known: Known) -> Option<(Facts, Option<Unrendered>)> {
        let state = self.kind(key)?;
        let kind = state.kind.clone();
        let kept = state.up.get(&key.namespace, &key.name);
        let version = kept.map(|kept| kept.version).unwrap_or_default();
        let above = kept.map(|kept| read(kept, known.above));
        let (assignment, placed) = match &above {
            Some(object) => self.assigned(key, &kind, object),
            None => (Assignment::Released, None),
        };
        let policy =
            placed.map_or_else(|| self.plan.policies.of(&kind).clone(), |placed| placed.policy.clone());
        let wanted = above
            .as_ref()
            .filter(|above| assignment == Assignment::Wanted && meta(above, "deletionTimestamp").is_empty());
        let placement = placed.map(|placed| placed.name.clone());
        let token = wanted.map_or(Token::Unneeded, |wanted| self.token(&kind, wanted, &key.namespace));
        let waits = token == Token::Unlisted;
        let basis = Basis { version, rules: self.rules.generation(), placement, token: token.name() };
        let known_as = known.rendered.filter(|(known, _)| *known == basis && version != 0);
        let (rendered, unrendered) = match (wanted, known_as) {
            (None, _) => (None, None),
            (Some(_), Some((_, rendered))) => (Some(rendered), None),
            (Some(above), None) => {
                let rules = self.rules.of(basis.placement.as_deref());
                let rendered = match token.missing() {
                    Some(unrendered) => Err(unrendered),
                    None => self.plan.render(&kind, above, &rules, basis.token.as_deref()),
                };
                match rendered {
                    Ok(rendered) => (Some(rendered), None),
                    Err(unrendered) => (None, Some(unrendered)),
                }
            }
        };
        let now = naming::downstream(&self.plan.identity, &kind, &key.namespace, &key.name).ok();
        let mut assignment = assignment;
        let made = self.made(key, state, now, known.below);
        let (place, below, owner) = match (made, self.earlier(key, state)) {
            // What is still there is let go, as after any change of what is to be synced.
            (_, Some(earlier)) if wanted.is_some() => {
                assignment = Assignment::Released;
                earlier
            }
            ((_, None, _), Some(earlier)) => earlier,
            (made, _) => made,
        };
        let status = state.status;
        let facts =
            Facts { kind, status, above, below, owner, place, rendered, waits, basis, policy, assignment };
        Some((facts, unrendered))
    }

    /// What is at a place below, and its stamp if it was made of the key's object.
    fn made(&self, key: &Key, state: &KindState, place: Option<Place>, known: Option<(u64, Value)>) -> Made {
        let at = |place: &Place| state.down.get(&place.namespace, &place.name);
        let below = place.as_ref().and_then(at).map(|kept| read(kept, known));
        let owner =
            below.as_ref().and_then(|below| match ownership(below, &state.kind, &self.plan.identity) {
                Ownership::Ours(owner) if *owner.namespace == *key.namespace && *owner.name == *key.name => {
                    Some(owner)
                }
                Ownership::Ours(_) | Ownership::OtherSyncer(_) | Ownership::None => None,
            });
        (place, below, owner)
    }

    /// What was made before the target named its namespaces otherwise, if it is still there.
    fn earlier(&self, key: &Key, state: &KindState) -> Option<Made> {
        if !state.kind.namespaced {
            return None;
        }
        let namespace_mapping = match self.plan.identity.namespace_mapping {
            NamespaceMapping::Hashed => NamespaceMapping::Preserve,
            NamespaceMapping::Preserve => NamespaceMapping::Hashed,
        };
        let identity = &self.plan.identity;
        let place = naming::mapped(identity, namespace_mapping, &state.kind, &key.namespace, &key.name).ok();
        Some(self.made(key, state, place, None)).filter(|(_, _, owner)| owner.is_some())
    }

    fn assigned(&self, key: &Key, kind: &Kind, object: &Value) -> (Assignment, Option<&assignment::Placed>) {
        let labels = self.up_namespaces.get("", &key.namespace).map(|kept| entries(kept.value(), "labels"));
        let labels = labels.or_else(|| self.up_namespaces.feed.listed.then(Default::default));
        let context = Context {
            key: self.plan.key(),
            mode: self.plan.mode,
            filter: &self.plan.filter,
            secrets: &self.plan.secrets,
            kind,
            namespace: labels.as_ref(),
            referenced: kind.group.is_empty()
                && self.references.names(&kind.resource, &key.namespace, &key.name),
            placements: self.placements_feed.listed.then_some(&self.placements),
        };
        let (assignment, placed) = assignment::assign(object, &context);
        // A borrow of the state itself, not of the context.
        (assignment, placed.and_then(|placed| self.placements.get(&placed.name)))
    }

    pub(super) fn seen_above<'a>(&self, key: &Key, facts: &'a Facts) -> Seen<Above<'a>> {
        if facts.waits || !self.kind(key).is_some_and(|kind| kind.up.feed.listed) {
            return Seen::Unsynced;
        }
        let Some(above) = &facts.above else { return Seen::Absent };
        let key = self.plan.key();
        let finalizer = self.plan.finalizer();
        let finalizers = above["metadata"]["finalizers"].as_array().into_iter().flatten();
        Seen::Present(Above {
            uid: meta(above, "uid"),
            deleting: !meta(above, "deletionTimestamp").is_empty(),
            finalizer: finalizers.into_iter().any(|found| *found == *finalizer),
            held: entry(above, "annotations", &format!("{SOFT}{key}")).is_some_and(|held| !held.is_empty()),
            force_detach: entry(above, "annotations", FORCE_DETACH) == Some(&self.plan.identity.uid),
            resolution: match entry(above, "annotations", RESOLVE) {
                Some("upstream") => Some(Winner::Upstream),
                Some("downstream") => Some(Winner::Downstream),
                _ => None,
            },
            assignment: facts.assignment.clone(),
        })
    }

    pub(super) fn seen_below<'a>(&self, key: &Key, facts: &'a Facts, memory: &Memory) -> Seen<Below<'a>> {
        if !self.kind(key).is_some_and(|kind| kind.down.feed.listed) {
            return Seen::Unsynced;
        }
        let Some(below) = &facts.below else { return Seen::Absent };
        let mut differs = match &facts.rendered {
            Some(rendered) if facts.owner.is_some() => unsettled(facts, rendered, below, memory),
            _ => Vec::new(),
        };
        let mut hash = desired_hash(below);
        // The hash of a Secret that another process wrote says nothing; what the Secret holds does.
        if let Some(rendered) = facts.rendered.as_ref().filter(|rendered| rendered.is_of_another_key(hash)) {
            differs.retain(|path| !path.contains(DESIRED_HASH));
            hash = hash.filter(|_| !differs.is_empty()).or(Some(&rendered.hash));
        }
        let replicas = |object: &Value| object.pointer("/spec/replicas").and_then(Value::as_i64);
        let wanted = facts.rendered.as_ref().and_then(|rendered| replicas(&rendered.object));
        Seen::Present(Below {
            uid: meta(below, "uid"),
            resource_version: meta(below, "resourceVersion"),
            deleting: !meta(below, "deletionTimestamp").is_empty(),
            owner: facts.owner.as_ref().map(|owner| &*owner.uid),
            hash,
            differs,
            copies: self.copies(facts, below),
            scales_down: wanted.is_some_and(|wanted| replicas(below).is_some_and(|live| wanted < live)),
        })
    }

    /// What the cluster decided about, where it is the only one that has the object.
    fn copies(&self, facts: &Facts, below: &Value) -> Vec<String> {
        let named = &facts.policy.upsync_fields;
        match (&facts.above, &facts.rendered) {
            (Some(above), Some(rendered)) if !named.is_empty() && facts.owner.is_some() => {
                let alone = share::targets(above).iter().eq([self.plan.key()].iter());
                if alone { copy_up::changed(named, above, &rendered.object, below) } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn home(&self, key: &Key, facts: &Facts) -> Home {
        let Some(place) = facts.place.as_ref().filter(|place| !place.namespace.is_empty()) else {
            return Home::Ready;
        };
        match self.down_namespaces.get("", &place.namespace) {
            Some(kept) if self.made_for(kept) == Some(&key.namespace) => {
                let deleting = !meta(kept.value(), "deletionTimestamp").is_empty();
                if deleting { Home::Terminating } else { Home::Ready }
            }
            Some(_) => Home::Taken(format!("namespace {} bears our label and is not ours", place.namespace)),
            None => match self.met.get(&place.namespace) {
                Some(Met::Used) => Home::Ready,
                Some(Met::Taken(whose)) => Home::Taken(whose.clone()),
                None => Home::Missing,
            },
        }
    }
}

/// The fields that are not as desired and did not settle so. Where drift is only reported, those that are the cluster's
/// by a rule are none: no write ever meets who has changed them.
fn unsettled(facts: &Facts, rendered: &Rendered, below: &Value, memory: &Memory) -> Vec<String> {
    let settled = memory.settled.as_ref().filter(|settled| settled.hash == rendered.hash);
    let reports = facts.policy.drift_policy == DriftPolicy::ReportOnly;
    let yielded = |path: &FieldPath| {
        let pointer = path.pointer(&rendered.object);
        pointer.is_some_and(|pointer| ruled(&facts.policy, &pointer) == Some(Winner::Downstream))
    };
    differences(&rendered.object, below, &facts.kind)
        .into_iter()
        .filter(|path| !reports || !yielded(path))
        .map(|path| (path.to_string(), path))
        .filter(|(text, path)| {
            settled.is_none_or(|settled| settled.values.get(text) != Some(&fingerprint(path, below)))
        })
        .map(|(text, _)| text)
        .collect()
}

/// A live value, as a hash that holds for this process: values may be secret.
pub fn fingerprint(path: &FieldPath, live: &Value) -> u64 {
    use std::{collections::hash_map::RandomState, sync::LazyLock};
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    STATE.hash_one(path.get(live).map(Value::to_string))
}
