//! Pages and watch events from bytes. What cannot be read whole is an error of the whole source, since an
//! event that is skipped is a change that is lost.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    event::{ObjectMeta, RawObject, Resource},
    trouble::Trouble,
};

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) resource_version: String,
    /// Empty on the last page.
    pub(super) next: String,
    /// How many objects come after this page, where the server tells.
    pub(super) remaining: Option<u64>,
    /// What is kept of each object.
    pub(super) objects: Vec<T>,
}

/// One watch event.
#[derive(Debug)]
pub(super) enum Frame {
    Apply(RawObject),
    Delete(RawObject),
    Bookmark(String),
    /// The server ends the watch with this code.
    Error(u16),
}

#[derive(Deserialize)]
struct PageJson<'a> {
    #[serde(borrow)]
    metadata: ListMeta<'a>,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMeta<'a> {
    #[serde(borrow, default)]
    resource_version: Cow<'a, str>,
    #[serde(borrow, default, rename = "continue")]
    next: Cow<'a, str>,
    #[serde(default)]
    remaining_item_count: Option<u64>,
}

#[derive(Deserialize)]
struct FrameJson<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct WithMetadata<'a> {
    #[serde(borrow)]
    metadata: MetaJson<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetaJson<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    namespace: Cow<'a, str>,
    #[serde(borrow, default)]
    uid: Cow<'a, str>,
    #[serde(borrow, default)]
    resource_version: Cow<'a, str>,
    #[serde(borrow, default)]
    creation_timestamp: Option<Cow<'a, str>>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(borrow, default)]
    annotations: Option<Annotations<'a>>,
}

#[derive(Default, Deserialize)]
struct Annotations<'a> {
    #[serde(borrow, default, rename = "kcp.io/cluster")]
    cluster: Cow<'a, str>,
}

/// Objects are read one after the other, so that of a page no more than its bytes is in memory beside what is kept.
pub(super) fn page<T>(
    resource: &Resource,
    bytes: &[u8],
    depth: usize,
    keep: impl Fn(RawObject) -> Result<T, Trouble>,
) -> Result<Page<T>, Trouble> {
    // The list itself is two levels above its items.
    check_depth(bytes, depth + 2)?;
    let page: PageJson<'_> =
        serde_json::from_slice(bytes).map_err(|_| Trouble::Desync("a page is not a list"))?;
    if page.metadata.resource_version.is_empty() {
        return Err(Trouble::Desync("a list has no resourceVersion"));
    }
    let items = page.items.unwrap_or_default();
    Ok(Page {
        resource_version: page.metadata.resource_version.into_owned(),
        next: page.metadata.next.into_owned(),
        remaining: page.metadata.remaining_item_count,
        objects: items.into_iter().map(|item| keep(object(resource, item)?)).collect::<Result<_, _>>()?,
    })
}

pub(super) fn frame(resource: &Resource, bytes: &[u8], depth: usize) -> Result<Frame, Trouble> {
    check_depth(bytes, depth + 1)?;
    let frame: FrameJson<'_> =
        serde_json::from_slice(bytes).map_err(|_| Trouble::Desync("a frame is not a watch event"))?;
    match &*frame.kind {
        "ADDED" | "MODIFIED" => Ok(Frame::Apply(object(resource, frame.object)?)),
        "DELETED" => Ok(Frame::Delete(object(resource, frame.object)?)),
        "BOOKMARK" => {
            let meta = metadata(frame.object)?;
            if meta.resource_version.is_empty() {
                return Err(Trouble::Desync("a bookmark has no resourceVersion"));
            }
            Ok(Frame::Bookmark(meta.resource_version.into_owned()))
        }
        "ERROR" => {
            #[derive(Deserialize)]
            struct Status {
                #[serde(default)]
                code: u16,
            }
            let status: Status = serde_json::from_str(frame.object.get())
                .map_err(|_| Trouble::Desync("an ERROR holds no Status"))?;
            Ok(Frame::Error(status.code))
        }
        _ => Err(Trouble::Desync("a frame is of no known type")),
    }
}

fn object(resource: &Resource, json: &RawValue) -> Result<RawObject, Trouble> {
    let meta = metadata(json)?;
    if meta.name.is_empty() || meta.uid.is_empty() || meta.resource_version.is_empty() {
        return Err(Trouble::Desync("an object lacks name, uid or resourceVersion"));
    }
    // What an object says of itself must not move it out of where it was asked for.
    if resource.namespace.is_some_and(|namespace| namespace != meta.namespace) {
        return Err(Trouble::Desync("an object of another namespace"));
    }
    let created = meta.creation_timestamp.as_deref().and_then(|text| text.parse().ok());
    Ok(RawObject {
        meta: ObjectMeta {
            name: meta.name.into_owned(),
            namespace: meta.namespace.into_owned(),
            uid: meta.uid.into_owned(),
            resource_version: meta.resource_version.into_owned(),
            creation_timestamp: created,
            labels: meta.labels.unwrap_or_default(),
            cluster: meta.annotations.unwrap_or_default().cluster.into_owned(),
        },
        json: json.to_owned(),
    })
}

/// Where only one cluster answers, nothing an object says puts it into another. Where many do, it has to say.
pub(super) fn place(mut object: RawObject, across: bool) -> Result<RawObject, Trouble> {
    if !across {
        object.meta.cluster.clear();
    } else if object.meta.cluster.is_empty() {
        return Err(Trouble::Desync("an object does not say which logical cluster it is in"));
    }
    Ok(object)
}

fn metadata(json: &RawValue) -> Result<MetaJson<'_>, Trouble> {
    let object: WithMetadata<'_> = serde_json::from_str(json.get())
        .map_err(|_| Trouble::Desync("an object has no readable metadata"))?;
    Ok(object.metadata)
}

/// Raw values are skipped without recursion, so nesting has to be checked apart.
fn check_depth(bytes: &[u8], limit: usize) -> Result<(), Trouble> {
    // Most objects open fewer brackets than may be nested, which is seen at a glance.
    if bytes.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() <= limit {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > limit {
                    return Err(Trouble::TooLarge("nesting"));
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
