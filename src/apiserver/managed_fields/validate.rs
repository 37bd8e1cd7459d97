//! Whether an object fits its schema closely enough to say who manages which field of it.
//!
//! The rules and texts are those of structured-merge-diff's `typed`; they are no validation of the object.

use std::fmt;

use serde_json::{Map, Value};

use super::{
    items,
    node::{Node, ScalarKind, Shape},
    path::Step,
};
use crate::apiserver::go_format;

/// What does not fit, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub path: String,
    pub message: String,
}

/// Everything that does not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misfits(pub Vec<Misfit>);

impl Misfits {
    fn of(message: impl Into<String>) -> Self {
        Self(vec![Misfit { path: String::new(), message: message.into() }])
    }

    fn under(mut self, step: &Step) -> Self {
        for misfit in &mut self.0 {
            misfit.path = format!("{step}{}", misfit.path);
        }
        self
    }

    fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl fmt::Display for Misfits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0.as_slice() {
            return write!(formatter, "{only}");
        }
        write!(formatter, "errors:")?;
        self.0.iter().try_for_each(|misfit| write!(formatter, "\n  {misfit}"))
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return formatter.write_str(&self.message);
        }
        write!(formatter, "{}: {}", self.path, self.message)
    }
}

/// Whether two items of an associative list may have the same identity: in what is applied they may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    Allowed,
    Refused,
}

/// Says what does not fit.
pub fn validate(node: Node<'_>, value: &Value, duplicates: Duplicates) -> Result<(), Misfits> {
    let misfits = check(node, value, duplicates);
    if misfits.0.is_empty() { Ok(()) } else { Err(misfits) }
}

fn check(node: Node<'_>, value: &Value, duplicates: Duplicates) -> Misfits {
    match (node.shapes(Some(value)).chosen(), value) {
        (_, Value::Null) => Misfits::default(),
        (Shape::Map, Value::Object(fields)) => check_map(node, fields, duplicates),
        (Shape::Map, other) => Misfits::of(format!("expected map, got &{{{}}}", go_format::plain(other))),
        (Shape::List, Value::Array(list)) => check_list(node, list, duplicates),
        (Shape::List, other) => Misfits::of(format!("expected list, got &{{{}}}", go_format::plain(other))),
        (Shape::Scalar, scalar) => check_scalar(node.scalar_kind(), scalar),
    }
}

fn check_scalar(kind: ScalarKind, value: &Value) -> Misfits {
    match (kind, value) {
        (ScalarKind::Numeric, Value::Number(_))
        | (ScalarKind::String, Value::String(_))
        | (ScalarKind::Boolean, Value::Bool(_))
        | (ScalarKind::Any, Value::Number(_) | Value::String(_) | Value::Bool(_)) => Misfits::default(),
        (ScalarKind::Numeric, other) => {
            Misfits::of(format!("expected numeric (int or float), got {}", go_format::type_name(other)))
        }
        (ScalarKind::String, other) => Misfits::of(format!(
            "expected string, got &value.valueUnstructured{{Value:{}}}",
            go_format::syntax(other)
        )),
        (ScalarKind::Boolean, other) => {
            Misfits::of(format!("expected boolean, got &{{{}}}", go_format::plain(other)))
        }
        (ScalarKind::Any, other) => {
            Misfits::of(format!("expected any scalar, got &{{{}}}", go_format::plain(other)))
        }
    }
}

/// The first unknown field ends the map, as upstream.
fn check_map(node: Node<'_>, fields: &Map<String, Value>, duplicates: Duplicates) -> Misfits {
    let mut misfits = Misfits::default();
    for (name, value) in fields {
        let step = Step::field(name);
        let Some(below) = node.field(name) else {
            misfits.extend(Misfits::of("field not declared in schema").under(&step));
            break;
        };
        misfits.extend(check(below, value, duplicates).under(&step));
    }
    misfits
}

fn check_list(node: Node<'_>, list: &[Value], duplicates: Duplicates) -> Misfits {
    let mut misfits = Misfits::default();
    let mut seen = std::collections::BTreeSet::new();
    for (index, item) in list.iter().enumerate() {
        let step = if node.list_is_atomic() {
            Step::Index(i64::try_from(index).unwrap_or(i64::MAX))
        } else {
            match items::step_to(node, item) {
                Ok(step) => step,
                // Without an identity there is no place to report more of.
                Err(error) => {
                    misfits.extend(Misfits::of(format!("element {index}: {error}")));
                    return misfits;
                }
            }
        };
        if !node.list_is_atomic() && !seen.insert(step.clone()) && duplicates == Duplicates::Refused {
            misfits.extend(Misfits::of(format!("duplicate entries for key {step}")));
        }
        misfits.extend(check(node.item(), item, duplicates).under(&step));
    }
    misfits
}
