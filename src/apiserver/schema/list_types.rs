//! Lists that are sets or maps hold nothing twice.
//!
//! The rules are those of `apiextensions-apiserver/pkg/apiserver/schema/listtype`.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{ListType, Schema, path::Path};
use crate::apiserver::field::FieldError;

impl Schema {
    /// Every item of a set, and every key of a map list, that is there a second time.
    pub fn validate_lists(&self, object: &Value) -> Vec<FieldError> {
        let mut errors = Vec::new();
        self.lists(object, &Path::Root, &mut errors);
        errors
    }

    fn lists(&self, value: &Value, path: &Path<'_>, errors: &mut Vec<FieldError>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if let Some(child) = self.properties.get(name) {
                        child.lists(value, &path.field(name), errors);
                    } else if let Some(child) = &self.additional_properties {
                        child.lists(value, &path.key(name), errors);
                    }
                }
            }
            Value::Array(items) => {
                match self.list_type {
                    ListType::Set => duplicates(items, path, errors),
                    ListType::Map => self.duplicate_keys(items, path, errors),
                    ListType::Atomic => {}
                }
                let Some(child) = &self.items else { return };
                for (index, item) in items.iter().enumerate() {
                    child.lists(item, &path.index(index), errors);
                }
            }
            _ => {}
        }
    }

    fn duplicate_keys(&self, items: &[Value], path: &Path<'_>, errors: &mut Vec<FieldError>) {
        if let Some(index) = items.iter().position(|item| !item.is_null() && !item.is_object()) {
            let detail = "must be an object for an array of list-type map";
            errors.push(FieldError::invalid(path.index(index).to_string(), items[index].clone(), detail));
            return;
        }
        let keys: Vec<Value> = items.iter().map(|item| self.keys_of(item)).collect();
        duplicates(&keys, path, errors);
    }

    fn keys_of(&self, item: &Value) -> Value {
        let of_item = |key: &String| Some((key.clone(), item.get(key)?.clone()));
        Value::Object(self.list_map_keys.iter().filter_map(of_item).collect::<Map<_, _>>())
    }
}

/// The second appearance is named, further ones are not.
fn duplicates(items: &[Value], path: &Path<'_>, errors: &mut Vec<FieldError>) {
    let mut seen: HashMap<&Value, usize> = HashMap::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let times = seen.entry(item).or_default();
        *times += 1;
        if *times == 2 {
            errors.push(FieldError::duplicate(path.index(index).to_string(), item.clone()));
        }
    }
}
