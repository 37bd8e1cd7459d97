//! Which item of an associative list an item is: the step that leads to it.

use serde_json::Value;

use super::{
    node::{Node, Shape},
    path::{Scalar, Step},
};

/// Why an item of an associative list has no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    #[error("associative list with keys may not have a null element")]
    NullInMap,
    #[error("associative list with keys may not have non-map elements")]
    NotAMap,
    #[error("couldn't find default value for {0}: associative list may not have non-map types")]
    NoMapInSchema(String),
    #[error(
        "associative list with keys has an element that omits all key fields {0} (and doesn't have default values for any key fields)"
    )]
    NoKey(String),
    #[error("associative list without keys has an element that's a map type")]
    MapInSet,
    #[error("not supported: associative list with lists as elements")]
    ListInSet,
    #[error("associative list without keys has an element that's an explicit null")]
    NullInSet,
}

/// The step from the associative list `list` describes to this item of it.
pub fn step_to(list: Node<'_>, item: &Value) -> Result<Step, ItemError> {
    if list.list_keys().is_empty() { set_item(item) } else { keyed_item(list, item) }
}

/// A key the item leaves out has its default; without a default it is no part of the identity.
fn keyed_item(list: Node<'_>, item: &Value) -> Result<Step, ItemError> {
    let fields = match item {
        Value::Object(fields) => fields,
        Value::Null => return Err(ItemError::NullInMap),
        _ => return Err(ItemError::NotAMap),
    };
    let mut key = Vec::with_capacity(list.list_keys().len());
    for name in list.list_keys() {
        if let Some(value) = fields.get(name) {
            key.push((name.clone(), Scalar(value.clone())));
            continue;
        }
        if !list.item().allows(Shape::Map) {
            return Err(ItemError::NoMapInSchema(name.clone()));
        }
        if let Some(default) = list.item().declared(name).and_then(Node::default) {
            key.push((name.clone(), Scalar(default.clone())));
        }
    }
    if key.is_empty() {
        let names: Vec<_> = list.list_keys().iter().map(|name| format!("{name:?}")).collect();
        return Err(ItemError::NoKey(format!("[{}]", names.join(" "))));
    }
    key.sort();
    Ok(Step::Key(key))
}

fn set_item(item: &Value) -> Result<Step, ItemError> {
    match item {
        Value::Object(_) => Err(ItemError::MapInSet),
        Value::Array(_) => Err(ItemError::ListInSet),
        Value::Null => Err(ItemError::NullInSet),
        scalar => Ok(Step::Value(Scalar(scalar.clone()))),
    }
}
