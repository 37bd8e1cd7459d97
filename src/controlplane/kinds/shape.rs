//! How Go reads and writes a built-in kind: what is left out when empty, what is written even when absent.
//!
//! Every object of a built-in kind passes here before its defaults, as it would be decoded into a Go struct and
//! encoded again. `shapes.txt` is made of `k8s.io/api` by `make generate-kubernetes`. It must not know any kind.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::{Map, Value};

mod read;
mod table;

pub use read::json_type;
pub use table::{Field, Shape};

static SHAPES: LazyLock<HashMap<&'static str, Vec<Field>>> =
    LazyLock::new(|| table::parse(include_str!("shapes.txt")));

/// The fields of a Go struct, `v1.Deployment`.
pub fn fields(structure: &str) -> &'static [Field] {
    SHAPES.get(structure).map_or(&[], Vec::as_slice)
}

/// Brings `object` into the form that Go would write, or says as Go does what is not of its type. What can be
/// read is brought into form even when something else cannot.
pub fn decode(kind: &str, object: &mut Value) -> Result<(), String> {
    let mut reader = read::Reader::default();
    let structure = format!("v1.{kind}");
    if let Value::Object(members) = object {
        reader.members(&structure, members);
    }
    reader.result()
}

/// What a field is when nothing was said of it.
fn zero(shape: &Shape) -> Value {
    match shape {
        Shape::String(_) | Shape::Bytes => Value::String(String::new()),
        Shape::Bool => Value::Bool(false),
        Shape::Int32 | Shape::Int64 | Shape::IntOrString => Value::from(0),
        Shape::Quantity => Value::from("0"),
        Shape::Struct(structure) => {
            let mut members = Map::new();
            fill(structure, &mut members);
            Value::Object(members)
        }
        Shape::Pointer(_) | Shape::List(_) | Shape::Map(..) | Shape::Time | Shape::MicroTime | Shape::Raw => {
            Value::Null
        }
    }
}

/// Writes the members that are written even when absent, takes away those that are not written when empty.
fn fill(structure: &str, members: &mut Map<String, Value>) {
    for field in fields(structure) {
        match members.get_mut(&field.name) {
            None if !field.left_out_when_empty() => {
                members.insert(field.name.clone(), zero(&field.shape));
            }
            Some(value) if is_empty(&field.shape, value) => {
                if field.left_out_when_empty() {
                    members.remove(&field.name);
                } else {
                    *value = zero(&field.shape);
                }
            }
            _ => {}
        }
    }
}

fn is_empty(shape: &Shape, value: &Value) -> bool {
    match (shape, value) {
        (_, Value::Null) => true,
        // What a pointer points to is said, be it zero.
        (Shape::Pointer(_), _) => false,
        (_, Value::String(text)) => text.is_empty(),
        (_, Value::Bool(value)) => !value,
        (Shape::IntOrString, _) => false,
        (_, Value::Number(number)) => number.as_i64() == Some(0),
        (_, Value::Array(items)) => items.is_empty(),
        (Shape::Map(..), Value::Object(members)) => members.is_empty(),
        (_, Value::Object(_)) => false,
    }
}

#[cfg(test)]
mod tests;
