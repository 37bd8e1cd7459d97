//! What one side has of one kind, as far as it was told, and whether that is all.

use std::{collections::HashMap, time::Duration};

use http::StatusCode;

use super::object::{Kept, Object};
use crate::informers::{Change, Trouble};

/// Objects of one kind on one side.
#[derive(Debug, Default)]
pub struct Store {
    objects: HashMap<Box<str>, Kept>,
    pub feed: Feed,
}

/// How far the source of a store has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Feed {
    /// A list was complete once since the kind is known to be there.
    pub listed: bool,
    /// It is followed now.
    pub following: bool,
    /// It may not be followed.
    pub denied: bool,
    /// When it last told anything.
    pub heard: Duration,
}

/// An object that changed: as it was, and as it is.
pub struct Changed {
    pub place: Box<str>,
    pub before: Option<Kept>,
    pub after: Option<Kept>,
}

impl Store {
    pub fn get(&self, place: &str) -> Option<&Kept> {
        self.objects.get(place)
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Kept)> {
        self.objects.iter().map(|(place, kept)| (&**place, kept))
    }

    /// Takes note of what a source told, and says what changed by it.
    pub fn apply(&mut self, change: Change<Object>, now: Duration) -> Vec<Changed> {
        match &change {
            Change::NotInstalled => self.feed = Feed { heard: self.feed.heard, ..Feed::default() },
            Change::Unavailable(trouble) => {
                self.feed.following = false;
                self.feed.denied |=
                    matches!(trouble, Trouble::Status(code, _) if *code == StatusCode::FORBIDDEN);
            }
            _ => {
                self.feed.following = true;
                self.feed.denied = false;
                self.feed.heard = now;
            }
        }
        match change {
            Change::Reset(objects) => self.reset(objects),
            Change::Apply(object) => self.put(object.place, object.kept).into_iter().collect(),
            Change::Delete(object) => self.delete(&object).into_iter().collect(),
            Change::Fresh | Change::NotInstalled | Change::Unavailable(_) => Vec::new(),
        }
    }

    /// Takes note of a version, unless a later one is known: what our own write answered may overtake a source.
    pub fn put(&mut self, place: Box<str>, kept: Kept) -> Option<Changed> {
        let before = self.objects.get(&place);
        if before.is_some_and(|before| before.version >= kept.version && kept.version != 0) {
            return None;
        }
        let before = self.objects.insert(place.clone(), kept.clone());
        Some(Changed { place, before, after: Some(kept) })
    }

    /// It is known to be gone.
    pub fn remove(&mut self, place: &str) -> Option<Changed> {
        let (place, before) = self.objects.remove_entry(place)?;
        Some(Changed { place, before: Some(before), after: None })
    }

    fn delete(&mut self, object: &Object) -> Option<Changed> {
        // One that was made since, which our write told of first, stays.
        let known = self.objects.get(&object.place)?;
        if known.version > object.kept.version && object.kept.version != 0 {
            return None;
        }
        self.remove(&object.place)
    }

    /// A list is the truth, but for what a write of ours has overtaken.
    fn reset(&mut self, objects: Vec<Object>) -> Vec<Changed> {
        self.feed.listed = true;
        let mut old = std::mem::take(&mut self.objects);
        let mut changed = Vec::new();
        for Object { place, kept } in objects {
            match old.remove(&place) {
                Some(before) if before.version > kept.version => {
                    self.objects.insert(place, before);
                }
                Some(before) if before.version == kept.version && kept.version != 0 => {
                    self.objects.insert(place, kept);
                }
                before => {
                    self.objects.insert(place.clone(), kept.clone());
                    changed.push(Changed { place, before, after: Some(kept) });
                }
            }
        }
        let gone =
            old.into_iter().map(|(place, before)| Changed { place, before: Some(before), after: None });
        changed.extend(gone);
        self.objects.shrink_to_fit();
        changed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(name: &str, version: u64) -> Object {
        let value = json!({"metadata": {"name": name, "resourceVersion": version.to_string()}});
        Object { place: super::super::object::place("n", name), kept: Kept::of(&value) }
    }

    #[test]
    fn an_older_version_never_overtakes_a_later_one() {
        let mut store = Store::default();
        let now = Duration::ZERO;
        assert_eq!(store.apply(Change::Reset(vec![object("a", 5), object("b", 6)]), now).len(), 2);
        assert!(store.put("n/a".into(), object("a", 9).kept).is_some());
        assert!(store.apply(Change::Apply(object("a", 7)), now).is_empty());
        assert!(store.apply(Change::Delete(object("a", 8)), now).is_empty());
        assert_eq!(store.get("n/a").unwrap().version, 9);
        let changed = store.apply(Change::Reset(vec![object("a", 8)]), now);
        assert_eq!(changed.len(), 1, "b is gone, a is not older than it was");
        assert_eq!(store.get("n/a").unwrap().version, 9);
        assert_eq!(store.apply(Change::Delete(object("a", 10)), now).len(), 1);
        assert_eq!(store.len(), 0);
    }

    #[test]
    fn a_feed_says_what_a_store_is_worth() {
        let mut store = Store::default();
        store.apply(Change::Reset(vec![object("a", 5)]), Duration::from_secs(3));
        assert!(store.feed.listed && store.feed.following);
        store.apply(Change::Unavailable(crate::informers::Trouble::Unreachable), Duration::from_secs(4));
        assert!(store.feed.listed && !store.feed.following && !store.feed.denied);
        store.apply(Change::Fresh, Duration::from_secs(5));
        assert!(store.feed.following && store.feed.heard == Duration::from_secs(5));
        store.apply(Change::NotInstalled, Duration::from_secs(6));
        assert!(!store.feed.listed && store.len() == 1, "what was known is neither confirmed nor taken back");
    }
}
