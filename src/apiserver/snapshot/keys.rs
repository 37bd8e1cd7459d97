//! The keys of one segment side by side in memory: a search that follows a pointer to each key would wait
//! for memory at every step.

use std::{cmp::Ordering, sync::Arc};

use crate::apiserver::object::Object;

#[derive(Debug)]
pub(super) struct Keys {
    /// Namespace and name of each object, without anything between.
    bytes: Vec<u8>,
    /// Where each namespace and each name ends.
    ends: Vec<(usize, usize)>,
}

impl Keys {
    /// Of sorted objects.
    pub(super) fn of(objects: &[Arc<Object>]) -> Self {
        let length = objects.iter().map(|object| object.key.namespace.len() + object.key.name.len()).sum();
        let mut bytes = Vec::with_capacity(length);
        let ends = objects
            .iter()
            .map(|object| {
                bytes.extend_from_slice(object.key.namespace.as_bytes());
                let namespace = bytes.len();
                bytes.extend_from_slice(object.key.name.as_bytes());
                (namespace, bytes.len())
            })
            .collect();
        Self { bytes, ends }
    }

    /// The place of a key.
    pub(super) fn find(&self, namespace: &str, name: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.at(middle).cmp(&(namespace.as_bytes(), name.as_bytes())) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    fn at(&self, place: usize) -> (&[u8], &[u8]) {
        let start = if place == 0 { 0 } else { self.ends[place - 1].1 };
        let (namespace, end) = self.ends[place];
        (&self.bytes[start..namespace], &self.bytes[namespace..end])
    }
}
