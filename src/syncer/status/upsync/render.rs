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
        // They can only be added to a Pod that is there.
        spec.remove("ephemeralContainers");
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

/// Labels or annotations, without those that are somebody's marks.
fn kept(original: &Value, map: &str) -> Map<String, Value> {
    let is_mark = |name: &str| {
        let prefix = name.split_once('/').map_or("", |(prefix, _)| prefix);
        prefix == "kcp.io" || prefix.ends_with(".kcp.io") || name == LAST_APPLIED
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
