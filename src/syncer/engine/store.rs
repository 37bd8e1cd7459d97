//! What one side has of one kind, as far as it was told, and whether that is all.

use std::{collections::HashMap, sync::Arc, time::Duration};

use http::StatusCode;

use super::object::{Kept, Object};
use crate::informers::{Change, Trouble};

/// Objects of one kind on one side, by namespace and name.
#[derive(Debug, Default)]
pub struct Store {
    namespaces: HashMap<Arc<str>, HashMap<Arc<str>, Kept>>,
    len: usize,
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
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    pub before: Option<Kept>,
    pub after: Option<Kept>,
}

impl Store {
    pub fn get(&self, namespace: &str, name: &str) -> Option<&Kept> {
        self.namespaces.get(namespace)?.get(name)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// How many there are in a namespace.
    pub fn len_in(&self, namespace: &str) -> usize {
        self.namespaces.get(namespace).map_or(0, HashMap::len)
    }

    /// Namespace, name and object of each.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>, &Kept)> {
        let all = self.namespaces.iter();
        all.flat_map(|(namespace, inside)| inside.iter().map(move |(name, kept)| (namespace, name, kept)))
    }

    /// The names of those in a namespace.
    pub fn names_in(&self, namespace: &str) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        let inside = self.namespaces.get_key_value(namespace);
        inside.into_iter().flat_map(|(namespace, inside)| inside.keys().map(move |name| (namespace, name)))
    }

    /// What there is in a namespace.
    pub fn all_in(&self, namespace: &str) -> impl Iterator<Item = &Kept> {
        self.namespaces.get(namespace).into_iter().flat_map(HashMap::values)
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
            Change::Apply(object) => self.put(object).into_iter().collect(),
            Change::Delete(object) => self.delete(&object).into_iter().collect(),
            Change::Fresh | Change::NotInstalled | Change::Unavailable(_) => Vec::new(),
        }
    }

    /// Takes note of a version, unless a later one is known: what our own write answered may overtake a source.
    pub fn put(&mut self, object: Object) -> Option<Changed> {
        let before = self.get(&object.namespace, &object.name);
        if before.is_some_and(|before| before.version >= object.kept.version && object.kept.version != 0) {
            return None;
        }
        let object = self.shared(object);
        let Object { namespace, name, kept } = object.clone();
        let before = self.insert(object);
        Some(Changed { namespace, name, before, after: Some(kept) })
    }

    /// With the name of its namespace as the store has it.
    fn shared(&self, object: Object) -> Object {
        match self.namespaces.get_key_value(&object.namespace) {
            Some((namespace, _)) => Object { namespace: namespace.clone(), ..object },
            None => object,
        }
    }

    fn insert(&mut self, object: Object) -> Option<Kept> {
        let Object { namespace, name, kept } = object;
        let before = self.namespaces.entry(namespace).or_default().insert(name, kept);
        self.len += usize::from(before.is_none());
        before
    }

    /// It is known to be gone.
    pub fn remove(&mut self, namespace: &str, name: &str) -> Option<Changed> {
        let namespace = self.namespaces.get_key_value(namespace)?.0.clone();
        let inside = self.namespaces.get_mut(&namespace)?;
        let (name, before) = inside.remove_entry(name)?;
        if inside.is_empty() {
            self.namespaces.remove(&namespace);
        }
        self.len -= 1;
        Some(Changed { namespace, name, before: Some(before), after: None })
    }

    fn delete(&mut self, object: &Object) -> Option<Changed> {
        // One that was made since, which our write told of first, stays.
        let known = self.get(&object.namespace, &object.name)?;
        if known.version > object.kept.version && object.kept.version != 0 {
            return None;
        }
        self.remove(&object.namespace, &object.name)
    }

    /// A list is the truth, but for what a write of ours has overtaken.
    fn reset(&mut self, objects: Vec<Object>) -> Vec<Changed> {
        self.feed.listed = true;
        let mut old =
            Self { namespaces: std::mem::take(&mut self.namespaces), len: self.len, feed: self.feed };
        self.len = 0;
        // The first time all of them are new.
        let mut changed = if old.len == 0 { Vec::with_capacity(objects.len()) } else { Vec::new() };
        for object in objects {
            let before = old.remove(&object.namespace, &object.name).and_then(|known| known.before);
            match before {
                Some(before) if before.version > object.kept.version => {
                    self.insert(Object { kept: before, ..object });
                }
                Some(before) if before.version == object.kept.version && before.version != 0 => {
                    self.insert(object);
                }
                before => {
                    let object = self.shared(object);
                    let Object { namespace, name, kept } = object.clone();
                    changed.push(Changed { namespace, name, before, after: Some(kept) });
                    self.insert(object);
                }
            }
        }
        for (namespace, inside) in old.namespaces {
            let gone = inside.into_iter().map(|(name, before)| Changed {
                namespace: namespace.clone(),
                name,
                before: Some(before),
                after: None,
            });
            changed.extend(gone);
        }
        self.namespaces.values_mut().for_each(HashMap::shrink_to_fit);
        changed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(name: &str, version: u64) -> Object {
        let value = json!({"metadata": {"name": name, "resourceVersion": version.to_string()}});
        Object::at("n", name, Kept::of(&value))
    }

    #[test]
    fn an_older_version_never_overtakes_a_later_one() {
        let mut store = Store::default();
        let now = Duration::ZERO;
        assert_eq!(store.apply(Change::Reset(vec![object("a", 5), object("b", 6)]), now).len(), 2);
        assert!(store.put(object("a", 9)).is_some());
        assert!(store.apply(Change::Apply(object("a", 7)), now).is_empty());
        assert!(store.apply(Change::Delete(object("a", 8)), now).is_empty());
        assert_eq!(store.get("n", "a").unwrap().version, 9);
        let changed = store.apply(Change::Reset(vec![object("a", 8)]), now);
        assert_eq!(changed.len(), 1, "b is gone, a is not older than it was");
        assert_eq!(store.get("n", "a").unwrap().version, 9);
        assert_eq!(store.apply(Change::Delete(object("a", 10)), now).len(), 1);
        assert_eq!(store.len(), 0);
    }

    #[test]
    fn a_namespace_has_its_own_and_is_forgotten_with_the_last() {
        let mut store = Store::default();
        let kept = || object("a", 1).kept;
        for (namespace, name) in [("n", "a"), ("n", "b"), ("m", "a"), ("", "c")] {
            store.put(Object::at(namespace, name, kept()));
        }
        assert_eq!((store.len(), store.len_in("n"), store.len_in("x")), (4, 2, 0));
        let mut names: Vec<_> =
            store.names_in("n").map(|(namespace, name)| (&**namespace, &**name)).collect();
        names.sort_unstable();
        assert_eq!(names, [("n", "a"), ("n", "b")]);
        let namespaces: Vec<_> = store.names_in("n").map(|(namespace, _)| namespace).collect();
        assert!(Arc::ptr_eq(namespaces[0], namespaces[1]), "one name for all of a namespace");
        assert_eq!(store.iter().count(), store.len());
        assert!(store.remove("n", "a").is_some() && store.remove("n", "b").is_some());
        assert!(store.remove("n", "b").is_none());
        assert_eq!((store.len(), store.len_in("n"), store.namespaces.len()), (2, 0, 2));
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
