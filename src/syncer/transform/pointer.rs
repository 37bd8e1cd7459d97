//! JSON pointers to fields that a rule may write.

use serde_json::{Map, Value};

use crate::syncer::ownership;

const LONGEST: usize = 1024;

/// A field that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer(Vec<String>);

/// The tokens of a JSON pointer.
pub(super) fn parse(text: &str) -> Result<Vec<String>, String> {
    if text.len() > LONGEST {
        return Err(format!("the pointer is longer than {LONGEST} bytes"));
    }
    let Some(rest) = text.strip_prefix('/') else {
        return match text {
            "" => Ok(Vec::new()),
            _ => Err(format!("{text:?} is no JSON pointer: it must begin with /")),
        };
    };
    let token = |token: &str| {
        let bare = token.replace("~0", "").replace("~1", "");
        match bare.contains('~') {
            true => Err(format!("{text:?} is no JSON pointer: ~ stands only in ~0 and ~1")),
            false => Ok(token.replace("~1", "/").replace("~0", "~")),
        }
    };
    rest.split('/').map(token).collect()
}

/// Whether a rule may write the field; what it may not is who the object is, whose, and how it does.
pub(super) fn writable(text: &str) -> Result<Pointer, String> {
    let tokens = parse(text)?;
    let words: Vec<_> = tokens.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Err("the whole object cannot be changed: name one of its fields".to_owned()),
        [field @ ("apiVersion" | "kind"), ..] => {
            Err(format!("/{field} says what the object is and cannot be changed"))
        }
        ["status", ..] => Err("/status is reported by the cluster and cannot be changed".to_owned()),
        ["metadata", "labels" | "annotations"] => Ok(Pointer(tokens)),
        ["metadata", "labels" | "annotations", key] => writable_key(key).map(|()| Pointer(tokens)),
        ["metadata", ..] => {
            Err(format!("{text:?} cannot be changed: of /metadata only labels and annotations can be"))
        }
        _ => Ok(Pointer(tokens)),
    }
}

/// Whether a rule may write the label or annotation.
pub(super) fn writable_key(key: &str) -> Result<(), String> {
    match ownership::is_reserved(key) {
        true => Err(format!("the key {key:?} is the syncer's own and cannot be changed")),
        false => Ok(()),
    }
}

impl Pointer {
    /// Whether the value may stand there.
    pub(super) fn accepts(&self, value: &Value) -> Result<(), String> {
        match self.0.as_slice() {
            [metadata, map] if metadata == "metadata" => {
                let entries = value.as_object().filter(|entries| entries.values().all(Value::is_string));
                let entries = entries.ok_or_else(|| format!("/metadata/{map} must be a map of texts"))?;
                entries.keys().try_for_each(|key| writable_key(key))
            }
            [metadata, map, key] if metadata == "metadata" && !value.is_string() => {
                Err(format!("/metadata/{map}/{key} must be a text"))
            }
            _ => Ok(()),
        }
    }

    /// Sets the field, and makes the maps that lead to it.
    pub(super) fn set(&self, object: &mut Value, value: Value) -> Result<(), String> {
        let Some((last, way)) = self.0.split_last() else { return Err("leads nowhere".to_owned()) };
        let mut place = object;
        for token in way {
            place = enter(place, token)?;
        }
        *enter(place, last)? = value;
        Ok(())
    }

    /// Removes the field, if it is there.
    pub(super) fn remove(&self, object: &mut Value) {
        let Some((last, way)) = self.0.split_last() else { return };
        let place = way.iter().try_fold(object, |value, token| match value {
            Value::Array(items) => items.get_mut(token.parse::<usize>().ok()?),
            value => value.get_mut(token),
        });
        match place {
            Some(Value::Object(fields)) => drop(fields.remove(last)),
            Some(Value::Array(items)) => {
                if let Some(at) = last.parse().ok().filter(|at| *at < items.len()) {
                    items.remove(at);
                }
            }
            _ => {}
        }
    }
}

fn enter<'a>(value: &'a mut Value, token: &str) -> Result<&'a mut Value, String> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(fields) => Ok(fields.entry(token).or_insert(Value::Null)),
        Value::Array(items) => {
            let at = token.parse::<usize>().ok();
            at.and_then(|at| items.get_mut(at)).ok_or_else(|| format!("the list has no item {token:?}"))
        }
        _ => Err(format!("{token:?} is looked for in what is neither a map nor a list")),
    }
}

#[cfg(test)]
mod tests;
