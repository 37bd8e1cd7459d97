//! The requests of a step: from what a pass knew to what is sent. Pure.

use serde_json::{Value, json};

use super::{facts::Facts, job::Job, key::Key, plan::Plan, target};
use crate::syncer::{
    api::{ApplyOptions, Call},
    compare::{FieldPath, without},
    copy_up,
    decide::Step,
    json::{meta, set_entry},
    kind::Kind,
    naming::{LOCATOR, Locator, Place, TENANT_ID},
    ownership::{self, CLUSTER, MANAGED_BY, MANAGER},
    status,
};

/// The requests of a step; none if it needs none, or what it needs is not there. What is rendered goes with them, until
/// [`take_back`].
pub fn job(plan: &Plan, key: &Key, facts: &mut Facts, step: &Step) -> Option<Job> {
    match step {
        Step::AddFinalizer => Some(Job::Above(finalizer(plan, facts, true)?)),
        Step::RemoveFinalizer => Some(Job::Above(finalizer(plan, facts, false)?)),
        Step::CopyUp(fields) => Some(Job::Above(copy_up(plan, facts, fields)?)),
        Step::EnsureNamespace => Some(make_namespace(plan, &key.namespace, &facts.place.as_ref()?.namespace)),
        Step::Create => {
            // No object has this version: the apply creates, or fails.
            let body = sent(facts, &[], ("resourceVersion", "1"))?;
            let options = ApplyOptions { force: true, dry_run: false };
            below(facts, |place, look| {
                Some(Job::Below { call: apply(plan, facts, place, options, body), look })
            })
        }
        Step::Apply(wanted) => {
            let body = sent(facts, &wanted.without, ("uid", &wanted.uid))?;
            let options = ApplyOptions { force: wanted.force, dry_run: false };
            below(facts, |place, look| {
                Some(Job::Below { call: apply(plan, facts, place, options, body), look })
            })
        }
        Step::Delete { uid, resource_version, .. } => below(facts, |place, look| {
            let call = Call::delete(&facts.kind, &place.namespace, &place.name, uid, resource_version);
            Some(Job::Below { call, look })
        }),
        Step::Release { uid, resource_version } => below(facts, |place, look| {
            let mut body = ownership::release(facts.owner.as_ref()?);
            set_meta(&mut body, "uid", uid);
            set_meta(&mut body, "resourceVersion", resource_version);
            let call = Call::merge(&facts.kind, &place.namespace, &place.name, &plan.manager(), body);
            Some(Job::Below { call, look })
        }),
        Step::Inspect | Step::ProveGoneBelow => {
            let place = facts.place.as_ref()?;
            let look = Call::get(&facts.kind, &place.namespace, &place.name);
            Some(Job::Look { look, kind: (*facts.kind).clone(), name: place.name.clone() })
        }
        Step::ProveGoneAbove { uid } => Some(Job::Prove {
            object: Call::get(&facts.kind, &key.namespace, &key.name),
            kind: (*facts.kind).clone(),
            name: key.name.to_string(),
            uid: uid.clone(),
            target: Call::get(&target::kind(), "", &plan.identity.name),
            target_uid: plan.identity.uid.clone(),
        }),
        Step::Nothing(_) | Step::Gone | Step::Report(_) | Step::Wait(..) => None,
    }
}

fn below(facts: &Facts, make: impl FnOnce(&Place, Call) -> Option<Job>) -> Option<Job> {
    let place = facts.place.as_ref()?;
    make(place, Call::get(&facts.kind, &place.namespace, &place.name))
}

fn apply(plan: &Plan, facts: &Facts, place: &Place, options: ApplyOptions, body: Value) -> Call {
    Call::apply(&facts.kind, &place.namespace, &place.name, &plan.manager(), options, body)
}

/// What is rendered, for exactly one object or none yet, without the fields that are left to others. The whole of it is
/// moved, for a copy costs as much as to write it.
fn sent(facts: &mut Facts, left: &[String], (field, value): (&str, &str)) -> Option<Value> {
    facts.place.as_ref()?;
    let rendered = &mut facts.rendered.as_mut()?.object;
    let mut body = if left.is_empty() { rendered.take() } else { lacking(rendered, left) };
    set_meta(&mut body, field, value);
    Some(body)
}

/// What was sent is what was rendered, but for what made it fit one object.
pub fn take_back(facts: &mut Facts, job: Job) {
    let Some(rendered) = facts.rendered.as_mut().filter(|rendered| rendered.object.is_null()) else { return };
    let Job::Below { call, .. } = job else { return };
    rendered.object = call.body;
    if let Some(metadata) = rendered.object["metadata"].as_object_mut() {
        ["uid", "resourceVersion"].iter().for_each(|field| drop(metadata.remove(*field)));
    }
}

fn lacking(object: &Value, left: &[String]) -> Value {
    let mut object = object.clone();
    let left: Vec<_> = left.iter().filter_map(|field| FieldPath::find(field, &object)).collect();
    without(&mut object, &left);
    object
}

/// An apply that stores nothing and takes nothing: its conflicts name who else writes the object.
pub fn explain(plan: &Plan, facts: &Facts) -> Option<Job> {
    let place = facts.place.as_ref()?;
    let mut body = facts.rendered.as_ref()?.object.clone();
    set_meta(&mut body, "uid", meta(facts.below.as_ref()?, "uid"));
    let options = ApplyOptions { force: false, dry_run: true };
    Some(Job::Explain(apply(plan, facts, place, options, body)))
}

/// Adds our finalizer to the version that was read, or takes it away with what we wrote beside it.
fn finalizer(plan: &Plan, facts: &Facts, add: bool) -> Option<Call> {
    let above = facts.above.as_ref()?;
    let ours = plan.finalizer();
    let known = above["metadata"]["finalizers"].as_array().into_iter().flatten();
    let mut finalizers: Vec<Value> = known.filter(|finalizer| **finalizer != *ours).cloned().collect();
    if add {
        finalizers.push(ours.into());
    }
    let mut body = json!({"metadata": {"finalizers": finalizers}});
    if !add {
        body["metadata"]["annotations"] = status::released(plan.key()).into();
    }
    set_meta(&mut body, "uid", meta(above, "uid"));
    set_meta(&mut body, "resourceVersion", meta(above, "resourceVersion"));
    Some(Call::merge(&facts.kind, meta(above, "namespace"), meta(above, "name"), &plan.manager(), body))
}

/// Of the versions that were read on both sides.
fn copy_up(plan: &Plan, facts: &Facts, fields: &[String]) -> Option<Call> {
    let (above, below) = (facts.above.as_ref()?, facts.below.as_ref()?);
    let mut body = Value::Object(copy_up::patch(fields, above, below));
    set_meta(&mut body, "uid", meta(above, "uid"));
    set_meta(&mut body, "resourceVersion", meta(above, "resourceVersion"));
    Some(Call::merge(&facts.kind, meta(above, "namespace"), meta(above, "name"), &plan.manager(), body))
}

pub fn namespaces() -> Kind {
    Kind {
        group: String::new(),
        version: "v1".to_owned(),
        resource: "namespaces".to_owned(),
        kind: "Namespace".to_owned(),
        namespaced: false,
    }
}

/// A namespace below as we make it.
fn namespace(plan: &Plan, upstream: &str, name: &str) -> Value {
    let locator = Locator::new(&plan.identity, upstream);
    let mut object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    set_entry(&mut object, "labels", CLUSTER, plan.key().to_owned());
    set_entry(&mut object, "labels", TENANT_ID, locator.tenant_id());
    set_entry(&mut object, "labels", MANAGED_BY, MANAGER.to_owned());
    set_entry(&mut object, "annotations", LOCATOR, locator.to_text());
    object
}

/// Whether a namespace below lacks something that we put on it.
pub fn is_damaged(plan: &Plan, upstream: &str, live: &Value) -> bool {
    let desired = namespace(plan, upstream, meta(live, "name"));
    let lacks = |map: &str| {
        let entries = desired["metadata"][map].as_object().into_iter().flatten();
        entries.into_iter().any(|(key, value)| live["metadata"][map].get(key) != Some(value))
    };
    lacks("labels") || lacks("annotations")
}

fn make_namespace(plan: &Plan, upstream: &str, name: &str) -> Job {
    let mut body = namespace(plan, upstream, name);
    set_meta(&mut body, "resourceVersion", "1");
    let options = ApplyOptions { force: true, dry_run: false };
    let call = Call::apply(&namespaces(), "", name, &plan.manager(), options, body);
    Job::Below { call, look: Call::get(&namespaces(), "", name) }
}

/// Puts right what we put on a namespace.
pub fn repair_namespace(plan: &Plan, upstream: &str, live: &Value) -> Job {
    let name = meta(live, "name");
    let mut body = namespace(plan, upstream, name);
    set_meta(&mut body, "uid", meta(live, "uid"));
    let options = ApplyOptions { force: true, dry_run: false };
    let call = Call::apply(&namespaces(), "", name, &plan.manager(), options, body);
    Job::Below { call, look: Call::get(&namespaces(), "", name) }
}

pub fn delete_namespace(name: &str, uid: &str, resource_version: &str) -> Job {
    let call = Call::delete(&namespaces(), "", name, uid, resource_version);
    Job::Below { call, look: Call::get(&namespaces(), "", name) }
}

/// Adds the finalizer of the SyncTarget, or takes it away.
pub fn target_finalizer(plan: &Plan, seen: &target::Target, add: bool) -> Job {
    let mut finalizers = seen.finalizers.clone();
    finalizers.retain(|finalizer| finalizer != target::FINALIZER);
    if add {
        finalizers.push(target::FINALIZER.to_owned());
    }
    let mut body = json!({"metadata": {"finalizers": finalizers}});
    set_meta(&mut body, "uid", &plan.identity.uid);
    set_meta(&mut body, "resourceVersion", &seen.resource_version);
    Job::Above(Call::merge(&target::kind(), "", &plan.identity.name, &plan.manager(), body))
}

fn set_meta(object: &mut Value, field: &str, value: &str) {
    object["metadata"][field] = value.into();
}
