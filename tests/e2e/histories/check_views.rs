//! Whether lists and watches show exactly the chain of changes: a list the state at its version, a watch every later
//! change of what it selects, in order, each once, as what it is to who knows the selection alone. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    check::{Chain, Entry, ensure, name},
    record::{Begin, List, Selection, Watch, version},
    watching::object,
};

const END_OF_STATE: &str = "/metadata/annotations/k8s.io~1initial-events-end";

pub fn list(chain: &Chain, list: &List, span: (u64, u64)) -> Result<(), String> {
    let at = list.version;
    ensure(span.0 <= at && at < span.1, || format!("a list of {at} was made within {span:?}"))?;
    let shown: Vec<_> = list.items.iter().map(bare).collect();
    let there: Vec<_> = state(chain, at, list.selection).into_values().map(bare).collect();
    ensure(shown == there, || format!("a list at {at} shows {shown:?}, there is {there:?}"))
}

/// Items may leave out what the list says for all of them.
fn bare(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.remove("kind");
        members.remove("apiVersion");
    }
    object
}

fn state<'a>(chain: &Chain<'a>, at: u64, selection: Selection) -> BTreeMap<&'a str, &'a Value> {
    let objects = chain.names().filter_map(|name| Some((name, chain.state(name, at)?)));
    objects.filter(|(_, object)| selection.has(object)).collect()
}

pub fn watch(chain: &Chain, watch: &Watch) -> Result<(), String> {
    judge(chain, watch).map_err(|why| format!("the watch {:?}: {why}", watch.title))
}

fn judge(chain: &Chain, watch: &Watch) -> Result<(), String> {
    marks(watch)?;
    let told: Vec<_> = watch.events.iter().filter(|event| event["type"] != "BOOKMARK").collect();
    match watch.begin {
        Begin::After(version) => tells(chain, watch, &told, version),
        Begin::Streamed => {
            let marked = |event: &&Value| event["object"].pointer(END_OF_STATE).is_some();
            let end = watch.events.iter().position(|event| marked(&event)).ok_or("its state has no end")?;
            ensure(watch.events.iter().filter(marked).count() == 1, || "its state ends twice".to_owned())?;
            let at = version(object(&watch.events[end]));
            let first = watch.events[..end].iter().filter(|event| event["type"] != "BOOKMARK").count();
            begins(chain, watch, &told[..first], at)?;
            tells(chain, watch, &told[first..], at)
        }
        // It must fit one moment; which one, nobody has said.
        Begin::State => {
            let versions =
                || [chain.start].into_iter().chain(chain.entries.iter().map(|entry| entry.version));
            let fits = versions().any(|at| {
                let first = state(chain, at, watch.selection).len();
                told.len() >= first
                    && begins(chain, watch, &told[..first], at).is_ok()
                    && tells(chain, watch, &told[first..], at).is_ok()
            });
            ensure(fits, || "it fits no moment".to_owned())
        }
    }
}

/// A bookmark is at or above all that was told before it, and below all that is told after it.
fn marks(watch: &Watch) -> Result<(), String> {
    let streamed = watch.begin == Begin::Streamed;
    let end = watch.events.iter().position(|event| event["object"].pointer(END_OF_STATE).is_some());
    let from = if streamed { end.unwrap_or(0) } else { 0 };
    let mut mark = 0;
    for event in &watch.events[from..] {
        let version = version(object(event));
        if event["type"] == "BOOKMARK" {
            ensure(version >= mark, || format!("a bookmark goes back to {version} from {mark}"))?;
            mark = version;
        } else if watch.begin != Begin::State {
            ensure(version > mark, || format!("{version} is told after the bookmark {mark}"))?;
        }
    }
    Ok(())
}

/// The state at a version, each object once.
fn begins(chain: &Chain, watch: &Watch, told: &[&Value], at: u64) -> Result<(), String> {
    let mut there = state(chain, at, watch.selection);
    for event in told {
        let object = object(event);
        let known = there.remove(name(object)).is_some_and(|there| there == object);
        ensure(known && event["type"] == "ADDED", || format!("at {at} there is no {event}"))?;
    }
    ensure(there.is_empty(), || format!("at {at} it is not told of {:?}", there.keys()))
}

/// Exactly the changes after a version.
fn tells(chain: &Chain, watch: &Watch, told: &[&Value], after: u64) -> Result<(), String> {
    let entries = chain.entries.iter().filter(|entry| entry.version > after);
    let due: Vec<_> = entries.filter_map(|entry| seen(chain, entry, watch.selection)).collect();
    for (at, (kind, due)) in due.iter().enumerate() {
        let event = told.get(at).ok_or_else(|| format!("{kind} {due} is not told"))?;
        let object = object(event);
        let same = if watch.table { object["metadata"] == due["metadata"] } else { object == due };
        ensure(event["type"] == *kind && same, || format!("it tells {event} for {kind} {due}"))?;
    }
    ensure(told.len() == due.len(), || format!("it tells {} events of {}", told.len(), due.len()))
}

/// A change as one sees it who knows what is selected alone.
fn seen(chain: &Chain, entry: &Entry, selection: Selection) -> Option<(&'static str, Value)> {
    let before = chain.state(name(entry.object), entry.version - 1).filter(|before| selection.has(before));
    let after = (entry.event != "DELETED" && selection.has(entry.object)).then_some(entry.object);
    match (before, after) {
        (None, None) => None,
        (None, Some(after)) => Some(("ADDED", after.clone())),
        (Some(_), Some(after)) => Some(("MODIFIED", after.clone())),
        // It goes as it was last known, under the version of the change.
        (Some(before), None) => {
            let mut gone = before.clone();
            gone["metadata"]["resourceVersion"] = entry.version.to_string().into();
            Some(("DELETED", gone))
        }
    }
}
