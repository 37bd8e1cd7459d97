//! Which old value a new one came from.
//!
//! The rules are those of `apiserver/pkg/cel/common/equality.go`: fields by name, items of a list by its keys if
//! it is a map list, items of other lists not at all. Ratcheting and transition rules read it.

use serde_json::{Map, Value};

use super::{ListType, Schema};

impl Schema {
    /// The old value of a field.
    pub(super) fn old_field<'a>(&self, old: Option<&'a Value>, name: &str) -> Option<&'a Value> {
        self.child(name)?;
        old?.as_object()?.get(name)
    }

    /// The old value of an item.
    pub(super) fn old_item<'a>(&self, old: Option<&'a Value>, item: &Value) -> Option<&'a Value> {
        self.items.as_ref()?;
        let (ListType::Map, Some(old), Some(item)) = (self.list_type, old?.as_array(), item.as_object())
        else {
            return None;
        };
        old.iter().find(|old| old.as_object().is_some_and(|old| self.same_keys(old, item)))
    }

    fn same_keys(&self, one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
        self.list_map_keys.iter().all(|key| one.get(key) == other.get(key))
    }

    /// Whether nothing has changed. What no schema describes counts as changed, and so does a map list with an
    /// item that was not there.
    pub(super) fn is_unchanged(&self, new: &Value, old: &Value) -> bool {
        match (new, old) {
            (Value::Object(new), Value::Object(old)) => {
                new.len() == old.len()
                    && new.iter().all(|(name, new)| match (self.child(name), old.get(name)) {
                        (Some(child), Some(old)) => child.is_unchanged(new, old),
                        _ => false,
                    })
            }
            (Value::Array(new), Value::Array(items)) if self.list_type == ListType::Map => {
                let Some(of_items) = &self.items else { return new == items };
                new.len() == items.len()
                    && new.iter().all(|item| {
                        self.old_item(Some(old), item).is_some_and(|old| of_items.is_unchanged(item, old))
                    })
            }
            _ => new == old,
        }
    }
}
