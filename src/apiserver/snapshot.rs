//! An immutable, sorted set of objects at one version. Publishing copies one segment and the pointers to
//! the others, never the objects.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::object::{Key, Object};
use keys::Keys;

mod keys;

/// Objects per segment: at about 2 KiB each a segment is one 128 KiB write of a list.
const SEGMENT_OBJECTS: usize = 64;

static NEXT_SEGMENT: AtomicU64 = AtomicU64::new(0);

/// A run of neighbouring objects; never changes, so bytes made of it may be cached under its id.
#[derive(Debug)]
pub struct Segment {
    /// Unique in the process.
    pub id: u64,
    /// Sorted by key, never empty.
    pub objects: Vec<Arc<Object>>,
    /// The length of the objects' JSON together, so that a list knows its length without visiting them.
    pub json_len: usize,
    last: Key,
    keys: Keys,
}

impl Segment {
    fn new(objects: Vec<Arc<Object>>) -> Arc<Self> {
        let json_len = objects.iter().map(|object| object.json_len()).sum();
        let last = objects[objects.len() - 1].key.clone();
        let keys = Keys::of(objects.iter().map(|object| &object.key));
        Arc::new(Self { id: NEXT_SEGMENT.fetch_add(1, Ordering::Relaxed), objects, json_len, last, keys })
    }
}

/// Every object of one resource and scope at one version.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub resource_version: u64,
    segments: Vec<Arc<Segment>>,
    /// The last key of each.
    lasts: Arc<Keys>,
    len: usize,
}

impl Snapshot {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// All objects in key order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.segments.iter().flat_map(|segment| &segment.objects)
    }

    pub fn last(&self) -> Option<&Arc<Object>> {
        self.segments.last()?.objects.last()
    }

    /// The objects whose key is greater than `key`, in order.
    pub fn after<'a>(&'a self, key: &Key) -> impl Iterator<Item = &'a Arc<Object>> {
        let at = self.segments.partition_point(|segment| segment.last <= *key);
        let skip = self.segments.get(at).map_or(0, |s| s.objects.partition_point(|o| &o.key <= key));
        self.segments[at..].iter().flat_map(|segment| &segment.objects).skip(skip)
    }

    pub fn get(&self, key: &Key) -> Option<&Arc<Object>> {
        self.find(&key.namespace, &key.name)
    }

    /// The same without a key of one's own.
    pub fn find(&self, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        let key = keys::joined(namespace, name);
        let segment = self.segments.get(self.lasts.first_from(&key))?;
        Some(&segment.objects[segment.keys.find(&key)?])
    }

    /// Puts or replaces one object.
    pub fn put(&mut self, object: Arc<Object>) {
        if self.segments.is_empty() {
            self.segments.push(Segment::new(vec![object]));
            self.len = 1;
            return self.note_lasts();
        }
        let at = self.segment_of(&object.key).min(self.segments.len() - 1);
        let mut objects = self.segments[at].objects.clone();
        match objects.binary_search_by(|o| o.key.cmp(&object.key)) {
            Ok(place) => objects[place] = object,
            Err(place) => {
                objects.insert(place, object);
                self.len += 1;
            }
        }
        if objects.len() > SEGMENT_OBJECTS * 2 {
            let upper = objects.split_off(objects.len() / 2);
            self.segments.insert(at + 1, Segment::new(upper));
        }
        let last = std::mem::replace(&mut self.segments[at], Segment::new(objects));
        if self.segments[at].last != last.last {
            self.note_lasts();
        }
    }

    fn note_lasts(&mut self) {
        self.lasts = Arc::new(Keys::of(self.segments.iter().map(|segment| &segment.last)));
    }

    /// Takes one object out and returns it.
    pub fn remove(&mut self, key: &Key) -> Option<Arc<Object>> {
        let at = self.segment_of(key);
        let mut objects = self.segments.get(at)?.objects.clone();
        let place = objects.binary_search_by(|object| object.key.cmp(key)).ok()?;
        let removed = objects.remove(place);
        self.len -= 1;
        if objects.is_empty() {
            self.segments.remove(at);
        } else {
            self.segments[at] = Segment::new(objects);
            self.join(at);
        }
        if let Some(before) = at.checked_sub(1) {
            self.join(before);
        }
        self.note_lasts();
        Some(removed)
    }

    /// Makes one of this segment and the next if both are small, else a list ends up in tiny pieces.
    fn join(&mut self, at: usize) {
        let Some([one, next]) = self.segments.get(at..at + 2) else { return };
        if one.objects.len() + next.objects.len() <= SEGMENT_OBJECTS {
            let objects = one.objects.iter().chain(&next.objects).cloned().collect();
            self.segments.splice(at..at + 2, [Segment::new(objects)]);
        }
    }

    /// The segment that holds the key, or would.
    fn segment_of(&self, key: &Key) -> usize {
        self.segments.partition_point(|segment| segment.last < *key)
    }
}

#[cfg(test)]
mod tests;
