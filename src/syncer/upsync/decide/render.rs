//! What a copy looks like: the original without what means something below alone, and with our marks.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    Context,
    owner::{HASH, OWNER, Owner, STATE, UPSYNC},
};
use crate::{
    api::share::clean::{Clean, clean},
    syncer::{
        json::{entries, entry},
        status::Trouble,
    },
};

/// Whom a Pod waits for that is to run nowhere: there is no such scheduler.
const SCHEDULER: &str = "upsync.workload.kcp.io";
const RECLAIM: &str = "persistentVolumeReclaimPolicy";
/// By what names a volume is bound and its provisioner found, which deletes what is in it.
const BINDING: &str = "pv.kubernetes.io";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Members of an object that are made by its server, or told apart.
const NOT_COPIED: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];

/// # Errors
/// The original is larger or deeper than what is passed on.
pub(super) fn copy(original: &Value, context: &Context<'_>) -> Result<Value, Trouble> {
    let Clean { status: mut members, .. } = clean(None, original)?;
    members.retain(|name, _| !NOT_COPIED.contains(&name.as_str()));
    context.namespace.map_back(&mut members);
    if let Some(Value::Object(spec)) = members.get_mut("spec") {
        match context.kind.resource.as_str() {
            "pods" => inert(spec),
            // Whoever deletes the copy deletes no data with it.
            "persistentvolumes" => drop(spec.insert(RECLAIM.to_owned(), "Retain".into())),
            _ => {}
        }
        if let Some(Value::Object(claim)) = spec.get_mut("claimRef") {
            claim.retain(|name, _| name != "uid" && name != "resourceVersion");
        }
    }
    let mut labels = kept(original, "labels");
    labels.insert(format!("{STATE}{}", context.key), UPSYNC.into());
    let mut annotations = kept(original, "annotations");
    annotations.insert(OWNER.to_owned(), json!(Owner::of(original, context.target)).to_string().into());
    let mut metadata = json!({"name": context.name, "labels": labels, "annotations": annotations});
    if context.kind.namespaced {
        metadata["namespace"] = context.namespace.upstream.into();
    }
    members.insert("apiVersion".to_owned(), context.kind.api_version().into());
    members.insert("kind".to_owned(), context.kind.kind.clone().into());
    members.insert("metadata".to_owned(), metadata);
    let mut copy = Value::Object(members);
    let digest = Sha256::digest(copy.to_string());
    let hash: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    copy["metadata"]["annotations"][HASH] = hash.into();
    Ok(copy)
}

/// A Pod that nothing upstream acts on: no scheduler places it, no kubelet runs it, no collector misses its node, and
/// no admission looks for the classes of another cluster or gives it a token.
fn inert(spec: &mut Map<String, Value>) {
    let of_below =
        ["nodeName", "priority", "priorityClassName", "preemptionPolicy", "runtimeClassName", "overhead"];
    of_below.iter().for_each(|field| drop(spec.remove(*field)));
    // They can only be added to a Pod that is there.
    spec.remove("ephemeralContainers");
    spec.insert("schedulerName".to_owned(), SCHEDULER.into());
    spec.insert("automountServiceAccountToken".to_owned(), false.into());
}

/// Labels or annotations, without those that are somebody's marks.
fn kept(original: &Value, map: &str) -> Map<String, Value> {
    let is_mark = |name: &str| {
        let prefix = name.split_once('/').map_or("", |(prefix, _)| prefix);
        prefix == "kcp.io" || prefix.ends_with(".kcp.io") || prefix == BINDING || name == LAST_APPLIED
    };
    let entries = entries(original, map).into_iter();
    entries.filter(|(name, _)| !is_mark(name)).map(|(name, text)| (name, text.into())).collect()
}

/// Whether the copy was made of this.
pub(super) fn is_same(copy: &Value, wanted: &Value) -> bool {
    entry(copy, "annotations", HASH) == entry(wanted, "annotations", HASH)
}

/// A merge patch of that very copy, as it was read.
pub(super) fn update(copy: &Value, mut wanted: Value) -> Value {
    for map in ["labels", "annotations"] {
        if let Value::Object(entries) = &mut wanted["metadata"][map] {
            let there = copy["metadata"][map].as_object().into_iter().flatten();
            let gone: Vec<_> = there
                .filter(|(name, _)| !entries.contains_key(*name))
                .map(|(name, _)| name.clone())
                .collect();
            entries.extend(gone.into_iter().map(|name| (name, Value::Null)));
        }
    }
    for field in ["uid", "resourceVersion"] {
        wanted["metadata"][field] = copy["metadata"][field].clone();
    }
    // What the original has no more. Deeper down its server's defaults and ours may differ.
    let gone =
        copy.as_object().into_iter().flatten().filter(|(name, _)| !NOT_COPIED.contains(&name.as_str()));
    for (name, _) in gone {
        if wanted.get(name).is_none() {
            wanted[name] = Value::Null;
        }
    }
    wanted
}
