//! Sorted keys side by side in memory, and of each the first bytes that tell it from its neighbours as a number: a search
//! that follows a pointer to each key would wait for memory at every step, and most steps need not compare texts.

use crate::apiserver::object::Key;

#[derive(Debug, Default)]
pub(super) struct Keys {
    /// One key after the other.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// How many bytes all of them begin with.
    shared: usize,
    /// What follows then in each.
    heads: Vec<u64>,
}

/// A key in one piece, which sorts as its namespace and then its name: neither holds the byte between them.
pub(super) fn joined(namespace: &str, name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(namespace.len() + 1 + name.len());
    push(&mut key, namespace, name);
    key
}

fn push(bytes: &mut Vec<u8>, namespace: &str, name: &str) {
    bytes.extend_from_slice(namespace.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(name.as_bytes());
}

/// The first bytes as a number that sorts as they do. Equal numbers say nothing.
fn head(bytes: &[u8]) -> u64 {
    let mut head = [0; 8];
    let length = bytes.len().min(head.len());
    head[..length].copy_from_slice(&bytes[..length]);
    u64::from_be_bytes(head)
}

impl Keys {
    /// Of sorted keys.
    pub(super) fn of<'a>(keys: impl Iterator<Item = &'a Key> + Clone) -> Self {
        let length = keys.clone().map(|key| key.namespace.len() + 1 + key.name.len()).sum();
        let mut bytes = Vec::with_capacity(length);
        let ends = keys.map(|key| {
            push(&mut bytes, &key.namespace, &key.name);
            bytes.len()
        });
        let mut all = Self { ends: ends.collect(), ..Self::default() };
        all.bytes = bytes;
        if let Some(last) = all.ends.len().checked_sub(1) {
            all.shared = all.at(0).iter().zip(all.at(last)).take_while(|(one, other)| one == other).count();
            all.heads = (0..=last).map(|place| head(&all.at(place)[all.shared..])).collect();
        }
        all
    }

    /// The place of a [`joined`] key.
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        let place = self.first_from(key);
        (place < self.ends.len() && self.at(place) == key).then_some(place)
    }

    /// The place of the first key that is this one or comes after it.
    pub(super) fn first_from(&self, key: &[u8]) -> usize {
        if self.ends.is_empty() {
            return 0;
        }
        let (begin, rest) = key.split_at(key.len().min(self.shared));
        match begin.cmp(&self.at(0)[..self.shared]) {
            std::cmp::Ordering::Less => return 0,
            std::cmp::Ordering::Greater => return self.ends.len(),
            std::cmp::Ordering::Equal => {}
        }
        let head = head(rest);
        let mut low = self.heads.partition_point(|known| *known < head);
        let mut high = low + self.heads[low..].partition_point(|known| *known == head);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.at(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn at(&self, place: usize) -> &[u8] {
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.bytes[start..self.ends[place]]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_found_where_it_is(
            names in prop::collection::btree_set(("(a|ab|kube-system)?", "(common-prefix-)?[a-c-]{0,12}"), 0..40),
            others in prop::collection::vec(("(a|ab|kube-system)?", "(common-prefix-)?[a-c-]{0,12}"), 10),
        ) {
            let sorted: Vec<_> = names.iter().cloned().collect();
            let keys: Vec<_> =
                sorted.iter().map(|(a, b)| Key { namespace: (**a).into(), name: (**b).into() }).collect();
            let all = Keys::of(keys.iter());
            for (namespace, name) in sorted.iter().chain(&others) {
                let sought = joined(namespace, name);
                let pair = (namespace.clone(), name.clone());
                prop_assert_eq!(all.first_from(&sought), sorted.partition_point(|known| *known < pair));
                prop_assert_eq!(all.find(&sought), sorted.binary_search(&pair).ok());
            }
        }
    }
}
