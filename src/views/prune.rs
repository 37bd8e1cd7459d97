//! A SyncTarget's JSON without what views do not show: fields that change with every heartbeat, and those
//! that only matter to whoever writes the object.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::informers::ObjectMeta;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The members of a JSON object in the order they came, their values untouched.
struct Members<'a>(Vec<(Cow<'a, str>, Cow<'a, RawValue>)>);

/// What views show of a SyncTarget, on one line. `None` if the object cannot be taken apart.
pub fn shown(json: &RawValue) -> Option<Arc<RawValue>> {
    let mut object = Members::read(json)?;
    object.edit("metadata", |metadata| {
        metadata.drop(&["managedFields", "resourceVersion"]);
        metadata.edit("annotations", |annotations| annotations.drop(&[LAST_APPLIED]))?;
        metadata.0.retain(|(key, value)| key != "annotations" || value.get() != "{}");
        Some(())
    })?;
    object.edit("status", |status| status.drop(&["lastSyncerHeartbeatTime", "resourcesObservedTime"]))?;
    one_line(&object.write()?)
}

/// What is shown of a SyncTarget that cannot be shown whole.
pub fn identity(meta: &ObjectMeta) -> Arc<RawValue> {
    let created = meta.creation_timestamp.map(|time| time.to_string());
    let json = serde_json::json!({
        "apiVersion": "workload.kcp.io/v1alpha1",
        "kind": "SyncTarget",
        "metadata": {"name": meta.name, "uid": meta.uid, "creationTimestamp": created},
    });
    let raw = serde_json::value::to_raw_value(&json).expect("strings always serialize");
    raw.into()
}

/// A list may be spread over lines; a watch frame must not be.
fn one_line(raw: &RawValue) -> Option<Arc<RawValue>> {
    if !raw.get().contains(['\n', '\r']) {
        return Some(raw.to_owned().into());
    }
    let value: serde_json::Value = serde_json::from_str(raw.get()).ok()?;
    Some(serde_json::value::to_raw_value(&value).ok()?.into())
}

impl<'a> Members<'a> {
    fn read(json: &'a RawValue) -> Option<Self> {
        serde_json::from_str(json.get()).ok()
    }

    fn write(&self) -> Option<Box<RawValue>> {
        serde_json::value::to_raw_value(self).ok()
    }

    fn drop(&mut self, keys: &[&str]) -> Option<()> {
        self.0.retain(|(key, _)| !keys.contains(&&**key));
        Some(())
    }

    /// Changes one member that is an object, if it is there.
    fn edit(&mut self, key: &str, change: impl FnOnce(&mut Members<'_>) -> Option<()>) -> Option<()> {
        let Some((_, value)) = self.0.iter_mut().find(|(name, _)| name == key) else { return Some(()) };
        if value.get() == "null" {
            return Some(());
        }
        let mut members = Members::read(value)?;
        change(&mut members)?;
        let written = members.write()?;
        *value = Cow::Owned(written);
        Some(())
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    members.push((key.0, Cow::Borrowed(map.next_value::<&'de RawValue>()?)));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Borrowed where the key has no escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}
