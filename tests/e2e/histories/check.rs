//! Whether a history is one that a single copy of the objects could have had, one write after the other: every
//! accepted write has a version of its own, does to its predecessor what it says, and took place while it was asked;
//! what was read or refused fits a moment of its own time. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    check_views,
    record::{Call, History, Op, version},
    watching::{REFERENCE, object},
};

/// One change of one object. `object` is what there is after it, or was last.
pub struct Entry<'a> {
    pub version: u64,
    pub event: &'a str,
    pub object: &'a Value,
}

/// All changes in the order of their versions, and the states they make.
pub struct Chain<'a> {
    pub start: u64,
    pub entries: Vec<Entry<'a>>,
    states: BTreeMap<&'a str, Vec<(u64, Option<&'a Value>)>>,
}

impl<'a> Chain<'a> {
    fn of(history: &'a History) -> Result<Self, String> {
        let reference = history.watches.iter().find(|watch| watch.title == REFERENCE);
        let events = &reference.ok_or("no reference")?.events;
        let mut chain = Self { start: history.start, entries: Vec::new(), states: BTreeMap::new() };
        for event in events.iter().filter(|event| event["type"] != "BOOKMARK") {
            let (kind, object) = (event["type"].as_str().unwrap_or_default(), object(event));
            let version = version(object);
            let before = chain.entries.last().map_or(history.start, |last| last.version);
            ensure(version > before, || format!("{version} comes after {before}"))?;
            let state = (kind != "DELETED").then_some(object);
            chain.states.entry(name(object)).or_default().push((version, state));
            chain.entries.push(Entry { version, event: kind, object });
        }
        Ok(chain)
    }

    /// The object of this name once everything up to `version` has happened.
    pub fn state(&self, name: &str, version: u64) -> Option<&'a Value> {
        let states = self.states.get(name)?;
        let at = states.partition_point(|(changed, _)| *changed <= version);
        at.checked_sub(1).and_then(|at| states[at].1)
    }

    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.states.keys().copied()
    }

    /// The versions at which the object changed within a span.
    fn changes(&self, name: &str, span: (u64, u64)) -> Vec<u64> {
        let states = self.states.get(name).map(Vec::as_slice).unwrap_or_default();
        states.iter().map(|(version, _)| *version).filter(|v| span.0 < *v && *v < span.1).collect()
    }
}

pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

pub fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Nothing, or the first thing that is wrong.
pub fn check(history: &History) -> Result<(), String> {
    let chain = Chain::of(history)?;
    let accepted = assign(history, &chain)?;
    for (entry, call) in chain.entries.iter().zip(&accepted) {
        follows(&chain, entry, call).map_err(|why| format!("{}: {why}; by {call:?}", entry.version))?;
    }
    in_time(&chain, &accepted)?;
    for call in history.calls.iter().filter(|call| !call.is_accepted_write()) {
        let span = span(&chain, &accepted, call.asked, call.answered);
        explained(&chain, call, span).map_err(|why| format!("{why}, within {span:?}: {call:?}"))?;
    }
    for list in &history.lists {
        check_views::list(&chain, list, span(&chain, &accepted, list.asked, list.answered))?;
    }
    history.watches.iter().try_for_each(|watch| check_views::watch(&chain, watch))
}

/// The call of each entry: one each, none left over.
fn assign<'a>(history: &'a History, chain: &Chain) -> Result<Vec<&'a Call>, String> {
    let mut by_version = BTreeMap::new();
    let mut by_uid = BTreeMap::new();
    for call in history.calls.iter().filter(|call| call.is_accepted_write()) {
        let twice = match call.op {
            Op::Delete(_) => by_uid.insert(call.answer["details"]["uid"].as_str().unwrap_or_default(), call),
            _ => by_version.insert(version(&call.answer), call),
        };
        ensure(twice.is_none(), || format!("two writes are one: {call:?} and {twice:?}"))?;
    }
    let mut assigned = Vec::new();
    for entry in &chain.entries {
        let call = if entry.event == "DELETED" {
            by_uid.remove(entry.object["metadata"]["uid"].as_str().unwrap_or_default())
        } else {
            by_version.remove(&entry.version).filter(|call| call.answer == *entry.object)
        };
        let call = call.ok_or_else(|| format!("nobody wrote {} {}", entry.event, entry.object))?;
        ensure(call.name == name(entry.object), || format!("{} is another's: {call:?}", entry.version))?;
        assigned.push(call);
    }
    let lost = by_version.into_values().chain(by_uid.into_values()).next();
    ensure(lost.is_none(), || format!("an accepted write is lost: {lost:?}"))?;
    Ok(assigned)
}

/// Whether the entry is what the call makes of the state before.
fn follows(chain: &Chain, entry: &Entry, call: &Call) -> Result<(), String> {
    let before = chain.state(&call.name, entry.version - 1);
    let event = match (before, &call.op) {
        (None, _) => "ADDED",
        (_, Op::Delete(_)) => "DELETED",
        _ => "MODIFIED",
    };
    ensure(entry.event == event, || format!("it is {}, not {event}", entry.event))?;
    if let (Some(before), Op::Update(given) | Op::Merge(Some(given)) | Op::Delete(Some(given))) =
        (before, &call.op)
    {
        ensure(version(before) == *given, || format!("its predecessor is {}", version(before)))?;
    }
    let uid = |object: &Value| object["metadata"]["uid"].clone();
    ensure(before.is_none_or(|before| uid(before) == uid(entry.object)), || "it has another uid".to_owned())?;
    let (data, color) = made_of(before, call)?;
    ensure(entry.object["data"] == data, || format!("its data should be {data}"))?;
    let labels = &entry.object["metadata"]["labels"];
    ensure(labels["color"] == color, || format!("its color should be {color}"))?;
    let counted = |object: &Value| object["data"]["count"].as_str().and_then(|text| text.parse::<u64>().ok());
    let (old, new) = (before.and_then(counted).unwrap_or(0), counted(entry.object).unwrap_or(0));
    let grows = matches!(call.op, Op::Update(_));
    ensure(new == old + u64::from(grows), || format!("it counts {new} after {old}"))
}

/// Data and color after the call.
fn made_of(before: Option<&Value>, call: &Call) -> Result<(Value, Value), String> {
    let mut state = before.cloned().unwrap_or_else(|| json!({"metadata": {"labels": {}}, "data": {}}));
    match call.op {
        Op::Get => return Err("a read writes nothing".to_owned()),
        Op::Create => {
            ensure(before.is_none(), || "there is one already".to_owned())?;
            state = call.sent.clone();
        }
        Op::Update(_) => state = call.sent.clone(),
        Op::Merge(_) | Op::Apply => {
            ensure(before.is_some() || call.op == Op::Apply, || "there is none".to_owned())?;
            for (key, value) in call.sent["data"].as_object().into_iter().flatten() {
                state["data"][key] = value.clone();
            }
            if let Some(color) = call.sent.pointer("/metadata/labels/color") {
                state["metadata"]["labels"]["color"] = color.clone();
            }
        }
        Op::Json => {
            ensure(before.is_some(), || "there is none".to_owned())?;
            for step in call.sent.as_array().into_iter().flatten() {
                let path = step["path"].as_str().unwrap_or_default();
                let (above, last) = path.rsplit_once('/').unwrap_or_default();
                let place = state.pointer_mut(above).ok_or("a patch of nothing")?;
                place[last] = step["value"].clone();
            }
        }
        Op::Delete(_) => ensure(before.is_some(), || "there is none".to_owned())?,
    }
    Ok((state["data"].take(), state["metadata"]["labels"]["color"].take()))
}

/// A write that was answered before another was asked has the smaller version.
fn in_time(chain: &Chain, accepted: &[&Call]) -> Result<(), String> {
    let mut latest = 0;
    for (entry, call) in chain.entries.iter().zip(accepted) {
        ensure(call.answered >= latest, || format!("{} was over before its predecessors", entry.version))?;
        latest = latest.max(call.asked);
    }
    Ok(())
}

/// The versions between which a request took place: it saw the first, and not the second.
fn span(chain: &Chain, accepted: &[&Call], asked: u64, answered: u64) -> (u64, u64) {
    let entries = || chain.entries.iter().zip(accepted);
    let before = entries().filter(|(_, call)| call.answered < asked).map(|(entry, _)| entry.version).max();
    let after = entries().filter(|(_, call)| call.asked > answered).map(|(entry, _)| entry.version).min();
    (before.unwrap_or(chain.start), after.unwrap_or(u64::MAX))
}

/// Whether a read, or a refusal, is right at some moment of the span.
fn explained(chain: &Chain, call: &Call, span: (u64, u64)) -> Result<(), String> {
    let changes = chain.changes(&call.name, span);
    let moments: BTreeSet<_> = [span.0].into_iter().chain(changes.iter().copied()).collect();
    let states = || moments.iter().map(|moment| chain.state(&call.name, *moment));
    let other = |given: u64| states().flatten().any(|state| version(state) != given);
    let right = match (&call.op, call.status) {
        (Op::Get, 200) => states().any(|state| state == Some(&call.answer)),
        (Op::Create | Op::Apply, 404) => false,
        (_, 404) => states().any(|state| state.is_none()),
        (Op::Create, 409) => states().any(|state| state.is_some()),
        (Op::Update(given) | Op::Merge(Some(given)) | Op::Delete(Some(given)), 409) => other(*given),
        // Who names no version is never refused for others' being faster.
        _ => false,
    };
    ensure(right, || "it never was so".to_owned())
}
