//! Who owns whom, kept with every commit, so that nobody has to search all objects for the dependents of one.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::{ClusterId, GroupResource, encode};
use crate::apiserver::{
    log::{Event, EventKind},
    object::Key,
    registry::meta,
};

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    pub cluster: ClusterId,
    pub resource: GroupResource,
    pub key: Key,
}

#[derive(Default)]
pub(super) struct Owners {
    /// Every object that is there.
    uids: HashSet<String>,
    /// By the uid of the owner.
    dependents: HashMap<String, BTreeSet<Reference>>,
    /// Objects whose owners may be gone, and owners that wait for their dependents. Never more than there are
    /// objects.
    pending: BTreeSet<Reference>,
}

impl Owners {
    pub(super) fn note(&mut self, place: Reference, event: &Event) {
        let object = encode::value(&event.object);
        let uid = meta::text(&object, "uid").to_owned();
        if let Some(previous) = &event.previous {
            for owner in owners(&encode::value(previous)) {
                self.unlink(&owner, &place);
            }
        }
        if event.kind == EventKind::Deleted {
            self.uids.remove(&uid);
            self.pending.remove(&place);
            self.pending.extend(self.dependents.get(&uid).into_iter().flatten().cloned());
            // Owners that wait for this one to go must look again.
            return;
        }
        self.uids.insert(uid);
        let owners = owners(&object);
        if !owners.is_empty() || meta::is_deleting(&object) {
            self.pending.insert(place.clone());
        }
        for owner in owners {
            self.dependents.entry(owner).or_default().insert(place.clone());
        }
    }

    fn unlink(&mut self, owner: &str, place: &Reference) {
        if let Some(dependents) = self.dependents.get_mut(owner) {
            dependents.remove(place);
            if dependents.is_empty() {
                self.dependents.remove(owner);
            }
        }
    }

    pub(super) fn take(&mut self) -> Vec<Reference> {
        std::mem::take(&mut self.pending).into_iter().collect()
    }

    pub(super) fn dependents(&self, uid: &str) -> Vec<Reference> {
        self.dependents.get(uid).into_iter().flatten().cloned().collect()
    }

    pub(super) fn lives(&self, uid: &str) -> bool {
        self.uids.contains(uid)
    }
}

/// The uids of an object's owners.
fn owners(object: &Value) -> Vec<String> {
    let references = object["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    references.iter().filter_map(|reference| Some(reference["uid"].as_str()?.to_owned())).collect()
}
