//! The way from an object to one of its fields, as server-side apply writes it.

use std::fmt;

use serde_json::Value;

use crate::apiserver::managed_fields::path::{Scalar, Step, display};

/// `.spec.template.spec.containers[name="a"].image`. Never holds a value of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(pub Vec<Step>);

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&display(&self.0))
    }
}

impl FieldPath {
    /// The path in `object` that reads like this, as an API server names a field in conflict. Names may hold dots
    /// and values anything, so that only the object tells where a step ends.
    pub fn find(text: &str, object: &Value) -> Option<Self> {
        let mut path = Vec::new();
        find_steps(text, object, &mut path).then_some(Self(path))
    }

    /// What is there in an object.
    pub fn get<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(object, |value, step| child(value, step))
    }

    /// As a JSON pointer into `object`; none if it is not there.
    pub fn pointer(&self, object: &Value) -> Option<String> {
        let mut value = object;
        let mut pointer = String::new();
        for step in &self.0 {
            let token = match step {
                Step::Field(name) => name.replace('~', "~0").replace('/', "~1"),
                step => position(value, step)?.to_string(),
            };
            value = child(value, step)?;
            pointer.push('/');
            pointer.push_str(&token);
        }
        Some(pointer)
    }

    /// Whether the JSON pointer names this field of `object`, or something around it.
    pub fn is_within(&self, pointer: &str, object: &Value) -> bool {
        let tokens = match pointer.strip_prefix('/') {
            Some(rest) => rest.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect(),
            None if pointer.is_empty() => Vec::new(),
            None => return false,
        };
        let mut value = Some(object);
        let matches = |(token, step): (&String, &Step)| {
            let named = match step {
                Step::Field(name) => name == token,
                step => {
                    value.and_then(|list| position(list, step)).is_some_and(|at| at.to_string() == *token)
                }
            };
            value = value.and_then(|value| child(value, step));
            named
        };
        tokens.len() <= self.0.len() && tokens.iter().zip(&self.0).all(matches)
    }
}

/// The step to an item of a list with these keys; none where the item has not all of them.
pub(super) fn key_of(item: &Value, keys: &[&str]) -> Option<Step> {
    let mut fields = Vec::with_capacity(keys.len());
    for key in keys {
        let value = key_value(item, key).filter(|value| !value.is_object() && !value.is_array())?;
        fields.push(((*key).to_owned(), Scalar(value)));
    }
    Some(Step::Key(fields))
}

/// Ports without a protocol have the one that is the default of every list keyed by it.
fn key_value(item: &Value, key: &str) -> Option<Value> {
    match item.get(key) {
        Some(value) => Some(value.clone()),
        None if key == "protocol" && item.is_object() => Some("TCP".into()),
        None => None,
    }
}

/// Whether the step leads to this item.
pub(super) fn is_item(step: &Step, item: &Value) -> bool {
    match step {
        Step::Key(fields) => {
            fields.iter().all(|(key, value)| key_value(item, key).map(Scalar).as_ref() == Some(value))
        }
        Step::Value(value) => Scalar(item.clone()) == *value,
        Step::Field(_) | Step::Index(_) => false,
    }
}

/// Where in a list the step leads.
pub(super) fn position(list: &Value, step: &Step) -> Option<usize> {
    let items = list.as_array()?;
    match step {
        Step::Index(at) => usize::try_from(*at).ok().filter(|at| *at < items.len()),
        step => items.iter().position(|item| is_item(step, item)),
    }
}

fn child<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match step {
        Step::Field(name) => value.as_object()?.get(name),
        step => value.get(position(value, step)?),
    }
}

/// Reads the text as steps into the value; whether it came to its end.
fn find_steps(text: &str, value: &Value, path: &mut Vec<Step>) -> bool {
    if text.is_empty() {
        return true;
    }
    let mut take = |step: Step, rest: &str, child: &Value| {
        path.push(step);
        let found = find_steps(rest, child, path);
        if !found {
            path.pop();
        }
        found
    };
    match value {
        Value::Object(fields) => fields.iter().any(|(name, child)| {
            let rest = text.strip_prefix('.').and_then(|rest| rest.strip_prefix(name.as_str()));
            rest.filter(|rest| is_end_of_step(rest)).is_some_and(|rest| take(Step::field(name), rest, child))
        }),
        Value::Array(items) => items.iter().enumerate().any(|(at, item)| {
            let steps =
                [Some(Step::Index(at as i64)), Some(Step::Value(Scalar(item.clone()))), key_in(text, item)];
            steps.into_iter().flatten().any(|step| {
                text.strip_prefix(step.to_string().as_str()).is_some_and(|rest| take(step, rest, item))
            })
        }),
        _ => false,
    }
}

fn is_end_of_step(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['.', '['])
}

/// The step by the keys that the text names, with the item's values.
fn key_in(text: &str, item: &Value) -> Option<Step> {
    let mut rest = text.strip_prefix('[')?;
    let mut keys = Vec::new();
    loop {
        let (key, _) = rest.split_once('=')?;
        let Step::Key(mut field) = key_of(item, &[key])? else { return None };
        let shown = Step::Key(field.clone()).to_string();
        rest = rest.strip_prefix(shown.strip_prefix('[')?.strip_suffix(']')?)?;
        keys.append(&mut field);
        rest = match rest.strip_prefix(',') {
            Some(rest) => rest,
            None => return Some(Step::Key(keys)),
        };
    }
}
