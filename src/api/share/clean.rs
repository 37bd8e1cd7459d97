//! A status from below as far as it may be passed on: whoever administers a cluster can write anything into it.
//!
//! Of a built-in kind the members it has, each of its type, so that one bad member makes Kubernetes refuse nothing
//! else; of any other kind what keeps within the limits.

use std::io;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::shape::{Part, Shape};

/// Bytes of one status.
pub const STATUS_BYTES: usize = 256 << 10;
/// Nesting of one status.
pub const STATUS_DEPTH: usize = 32;
/// Elements of one list, and names of one map.
const ELEMENTS: usize = 256;
/// Bytes of one text. A longer message is cut, another text is left out.
const TEXT: usize = 32 << 10;
const NAME: usize = 316;
/// More objects than a cluster can hold; sums over all targets stay what Kubernetes can count.
pub const MOST: i64 = 1_000_000;
/// Members that are named as malformed.
const NAMED: usize = 5;

/// Why a status is not passed on at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the status has {0} bytes; at most {STATUS_BYTES} are passed on")]
    TooLarge(usize),
    #[error("the status is nested deeper than {STATUS_DEPTH} levels")]
    TooDeep,
    #[error("the status is not an object")]
    NotAnObject,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clean {
    pub status: Map<String, Value>,
    /// Members that were left out since they are not of their type, some of them.
    pub malformed: Vec<&'static str>,
}

/// `shape` is that of the kind, if it is known. A missing status is an empty one.
pub fn clean(shape: Option<&'static Shape>, status: &Value) -> Result<Clean, Refused> {
    let members = match status {
        Value::Null => return Ok(Clean::default()),
        Value::Object(members) => members,
        _ => return Err(Refused::NotAnObject),
    };
    let Some(shape) = shape else {
        if depth(status) > STATUS_DEPTH {
            return Err(Refused::TooDeep);
        }
        let status = fits(status)?.as_object().map(without_nulls).unwrap_or_default();
        return Ok(Clean { status, malformed: Vec::new() });
    };
    let mut clean = Clean::default();
    for (name, part) in shape.members {
        let Some(value) = members.get(*name).filter(|value| !value.is_null()) else { continue };
        match read(*part, value, shape) {
            Some(value) => drop(clean.status.insert((*name).to_owned(), value)),
            None if clean.malformed.len() < NAMED => clean.malformed.push(name),
            None => {}
        }
    }
    bound(&mut clean.status, shape);
    let clean_status = Value::Object(clean.status);
    fits(&clean_status)?;
    let Value::Object(status) = clean_status else { return Err(Refused::NotAnObject) };
    Ok(Clean { status, ..clean })
}

fn read(part: Part, value: &Value, shape: &Shape) -> Option<Value> {
    let text = || value.as_str().filter(|text| text.len() <= TEXT);
    match part {
        Part::Count | Part::Rising => {
            value.as_i64().filter(|count| *count >= 0).map(|count| count.min(MOST).into())
        }
        Part::Generation => value.as_i64().filter(|generation| *generation >= 0).map(Value::from),
        Part::Time => text().and_then(time).map(Value::from),
        Part::Text => text().map(Value::from),
        Part::OneOf(values) => text().filter(|text| values.contains(text)).map(Value::from),
        Part::Ip => text().filter(|text| text.parse::<std::net::IpAddr>().is_ok()).map(Value::from),
        Part::Host => text().filter(|text| is_host(text)).map(Value::from),
        Part::Texts => texts(value),
        Part::Members(members) => {
            let read = |(name, part): &(&str, Part)| {
                Some(((*name).to_owned(), read(*part, value.get(*name)?, shape)?))
            };
            value.is_object().then(|| Value::Object(members.iter().filter_map(read).collect()))
        }
        Part::List(part) => {
            let elements = value.as_array()?.iter().filter_map(|element| read(*part, element, shape));
            Some(elements.filter(|element| !is_empty(element)).take(ELEMENTS).collect())
        }
        Part::Conditions => conditions(value, shape),
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

/// As Kubernetes writes a time.
fn time(text: &str) -> Option<String> {
    let time: Timestamp = text.parse().ok()?;
    (time.as_second() >= 0).then(|| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A DNS name that is no address.
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = label.as_bytes();
        edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(|byte| is_of_name(*byte))
    };
    text.len() <= 253 && text.parse::<std::net::IpAddr>().is_err() && text.split('.').all(label)
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

fn texts(value: &Value) -> Option<Value> {
    let kept = value.as_object()?.iter().filter_map(|(name, text)| {
        let text = text.as_str().filter(|text| text.len() <= NAME && name.len() <= NAME)?;
        Some((name.clone(), text.into()))
    });
    Some(Value::Object(kept.take(ELEMENTS).collect()))
}

/// Each type once, and never more members than the kind's conditions have.
fn conditions(value: &Value, shape: &Shape) -> Option<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for condition in value.as_array()? {
        let name = |member: &str| condition[member].as_str().filter(|text| text.len() <= NAME);
        let (Some(kind), Some(status @ ("True" | "False" | "Unknown"))) = (name("type"), name("status"))
        else {
            continue;
        };
        if kind.is_empty() || kept.len() >= ELEMENTS || kept.iter().any(|known| known["type"] == kind) {
            continue;
        }
        let mut clean = Map::from_iter([
            ("type".to_owned(), Value::from(kind)),
            ("status".to_owned(), Value::from(status)),
        ]);
        for member in
            ["reason", "message", "lastTransitionTime"].into_iter().chain(shape.condition.iter().copied())
        {
            let value = match member {
                "observedGeneration" => read(Part::Generation, &condition[member], shape),
                "message" => condition[member].as_str().map(|text| cut(text, TEXT).into()),
                "reason" => condition[member].as_str().map(|text| cut(text, 1024).into()),
                _ => read(Part::Time, &condition[member], shape),
            };
            clean.extend(value.map(|value| (member.to_owned(), value)));
        }
        kept.push(Value::Object(clean));
    }
    Some(kept.into())
}

/// The beginning of a text, at most that many bytes.
pub fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Lowers what Kubernetes would refuse, in the order of the table: a bound is bounded before it bounds others.
fn bound(status: &mut Map<String, Value>, shape: &Shape) {
    for (name, most) in shape.bounded {
        let most = status.get(*most).and_then(Value::as_i64).unwrap_or(0);
        if let Some(count) = status.get_mut(*name)
            && count.as_i64().is_some_and(|count| count > most)
        {
            *count = most.into();
        }
    }
}

/// A member that is null says nothing.
fn without_nulls(members: &Map<String, Value>) -> Map<String, Value> {
    let value = |value: &Value| match value {
        Value::Object(members) => Value::Object(without_nulls(members)),
        other => other.clone(),
    };
    members
        .iter()
        .filter(|(_, member)| !member.is_null())
        .map(|(name, member)| (name.clone(), value(member)))
        .collect()
}

fn depth(value: &Value) -> usize {
    let below = match value {
        Value::Object(members) => members.values().map(depth).max(),
        Value::Array(elements) => elements.iter().map(depth).max(),
        _ => return 0,
    };
    1 + below.unwrap_or(0)
}

fn fits(status: &Value) -> Result<&Value, Refused> {
    let mut counter = Counter(0);
    // Nothing is kept, so nothing fails.
    let _ = serde_json::to_writer(&mut counter, status);
    if counter.0 > STATUS_BYTES { Err(Refused::TooLarge(counter.0)) } else { Ok(status) }
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
