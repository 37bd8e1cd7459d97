//! Sorted keys side by side in memory: a search that follows a pointer to each key would wait for memory at every step.

use crate::apiserver::object::Key;

#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Namespace and name of each object, without anything between.
    bytes: Vec<u8>,
    /// Where each namespace and each name ends.
    ends: Vec<(usize, usize)>,
}

impl Keys {
    /// Of sorted keys.
    pub(super) fn of<'a>(keys: impl Iterator<Item = &'a Key> + Clone) -> Self {
        let length = keys.clone().map(|key| key.namespace.len() + key.name.len()).sum();
        let mut bytes = Vec::with_capacity(length);
        let ends = keys
            .map(|key| {
                bytes.extend_from_slice(key.namespace.as_bytes());
                let namespace = bytes.len();
                bytes.extend_from_slice(key.name.as_bytes());
                (namespace, bytes.len())
            })
            .collect();
        Self { bytes, ends }
    }

    /// The place of a key.
    pub(super) fn find(&self, namespace: &str, name: &str) -> Option<usize> {
        let place = self.first_from(namespace, name);
        (place < self.ends.len() && self.at(place) == (namespace.as_bytes(), name.as_bytes()))
            .then_some(place)
    }

    /// The place of the first key that is this one or comes after it.
    pub(super) fn first_from(&self, namespace: &str, name: &str) -> usize {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.at(middle) < (namespace.as_bytes(), name.as_bytes()) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn at(&self, place: usize) -> (&[u8], &[u8]) {
        let start = if place == 0 { 0 } else { self.ends[place - 1].1 };
        let (namespace, end) = self.ends[place];
        (&self.bytes[start..namespace], &self.bytes[namespace..end])
    }
}
