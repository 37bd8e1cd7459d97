//! An object without some of its fields and items.

use serde_json::{Map, Value};

use super::{
    items,
    node::{Node, Shape},
    path::Step,
    set::Set,
};

/// Takes the fields and items of `fields` out of the value. A list or map that loses all it had is null, as is
/// one that is atomic: only what is made of fields is asked to give some away.
pub fn remove(node: Node<'_>, value: &Value, fields: &Set) -> Value {
    match (node.shapes(Some(value)).chosen(), value) {
        (Shape::Scalar, _) => value.clone(),
        (Shape::Map, Value::Object(map)) if !node.map_is_atomic() => from_map(node, map, fields),
        (Shape::List, Value::Array(list)) if !node.list_is_atomic() => from_list(node, list, fields),
        _ => Value::Null,
    }
}

fn from_map(node: Node<'_>, map: &Map<String, Value>, fields: &Set) -> Value {
    let mut rest = Map::new();
    for (name, value) in map {
        let step = Step::field(name);
        if fields.members.contains(&step) {
            continue;
        }
        let below = fields.children.get(&step).filter(|below| !below.is_empty());
        let value = match (below, node.field(name)) {
            (Some(below), Some(child)) => remove(child, value, below),
            _ => value.clone(),
        };
        rest.insert(name.clone(), value);
    }
    if rest.is_empty() { Value::Null } else { Value::Object(rest) }
}

fn from_list(node: Node<'_>, list: &[Value], fields: &Set) -> Value {
    let mut rest = Vec::with_capacity(list.len());
    for item in list {
        let Ok(step) = items::step_to(node, item) else {
            rest.push(item.clone());
            continue;
        };
        if fields.members.contains(&step) {
            continue;
        }
        match fields.children.get(&step).filter(|below| !below.is_empty()) {
            Some(below) => rest.push(remove(node.item(), item, below)),
            None => rest.push(item.clone()),
        }
    }
    if rest.is_empty() { Value::Null } else { Value::Array(rest) }
}

#[cfg(test)]
mod tests;
