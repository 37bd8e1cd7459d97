//! Other names for the objects that an object refers to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::syncer::{kind::Kind, render::references};

/// New names by their old ones. No two names become one, so that the way back is always known.
#[derive(Debug)]
pub(super) struct Renames {
    new: BTreeMap<String, String>,
    /// The new names that are no old ones: nothing else may be called so.
    taken: BTreeMap<String, String>,
}

impl Renames {
    pub(super) fn compile(names: &BTreeMap<String, String>) -> Result<Self, String> {
        if names.is_empty() {
            return Err("no name is given".to_owned());
        }
        let mut seen = BTreeSet::new();
        for (old, new) in names {
            if old.is_empty() || new.is_empty() {
                return Err("a name is empty".to_owned());
            }
            if !seen.insert(new) {
                return Err(format!("two names become {new:?}: give them different ones"));
            }
        }
        let taken = names.iter().filter(|(_, new)| !names.contains_key(*new));
        let taken = taken.map(|(old, new)| (new.clone(), old.clone())).collect();
        Ok(Self { new: names.clone(), taken })
    }

    /// Renames what the object refers to. An object that refers to something by a name that is given away would be
    /// one of two whose names become one.
    pub(super) fn apply(&self, object: &mut Value, kind: &Kind) -> Result<(), String> {
        let mut collision = None;
        references::rename(object, kind, &mut |resource, name| {
            if let Some(old) = self.taken.get(name) {
                collision = Some(format!("{resource} {name:?} is named, which is what {old:?} becomes"));
            }
            self.new.get(name).cloned()
        });
        collision.map_or(Ok(()), Err)
    }
}
