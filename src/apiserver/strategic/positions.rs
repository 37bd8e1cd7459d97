//! Where the items of a list are, by what tells them apart: a merge key, or the whole of a scalar.

use std::collections::HashMap;

use serde_json::Value;

use super::PatchError;

/// The first position of each item of a list.
pub(super) struct Positions<'a> {
    key: Option<&'a str>,
    places: HashMap<String, usize>,
    /// What is no map has no merge key, and upstream stumbles over it when it gets there.
    stumbling: Option<usize>,
}

impl<'a> Positions<'a> {
    pub(super) fn of(list: &[Value], key: Option<&'a str>) -> Self {
        let mut positions = Self { key, places: HashMap::with_capacity(list.len()), stumbling: None };
        for (index, item) in list.iter().enumerate() {
            positions.add(item, index);
        }
        positions
    }

    pub(super) fn add(&mut self, item: &Value, index: usize) {
        if self.key.is_some() && !item.is_object() {
            self.stumbling.get_or_insert(index);
        } else if let Some(identity) = self.identity(item) {
            self.places.entry(identity).or_insert(index);
        }
    }

    pub(super) fn get(&self, item: &Value) -> Option<usize> {
        self.places.get(&self.identity(item)?).copied()
    }

    /// As a search from the start of the list would find it.
    pub(super) fn find(&self, item: &Value) -> Result<Option<usize>, PatchError> {
        match (self.get(item), self.stumbling) {
            (Some(found), Some(stumbling)) if found > stumbling => Err(PatchError::ItemNotAMap(stumbling)),
            (None, Some(stumbling)) => Err(PatchError::ItemNotAMap(stumbling)),
            (found, _) => Ok(found),
        }
    }

    fn identity(&self, item: &Value) -> Option<String> {
        match self.key {
            None => Some(item.to_string()),
            Some(key) => item.get(key).map(Value::to_string),
        }
    }
}
