//! A snapshot is a sorted map, whatever was put and removed; older ones never change.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::apiserver::object::Parts;

fn key(name: u16) -> Key {
    Key { namespace: "".into(), name: format!("{name:05}").into() }
}

fn object(name: u16, resource_version: u64) -> Arc<Object> {
    Arc::new(Object::new(Parts {
        api_version: "g/v1",
        kind: "Thing",
        key: key(name),
        resource_version,
        labels: BTreeMap::new(),
        cells: Vec::new(),
        metadata: br#""name":"a""#,
        rest: b"",
    }))
}

fn content(snapshot: &Snapshot) -> Vec<(Key, u64)> {
    snapshot.iter().map(|object| (object.key.clone(), object.resource_version)).collect()
}

proptest! {
    #[test]
    fn is_a_sorted_map(steps in prop::collection::vec((0u16..400, any::<bool>()), 0..900)) {
        let mut snapshot = Snapshot::default();
        let mut expected = BTreeMap::new();
        let mut earlier = Vec::new();
        for (version, (name, put)) in steps.into_iter().enumerate() {
            let version = version as u64;
            if put {
                snapshot.put(object(name, version));
                expected.insert(key(name), version);
            } else {
                let removed = snapshot.remove(&key(name)).map(|object| object.resource_version);
                prop_assert_eq!(removed, expected.remove(&key(name)));
            }
            if version.is_multiple_of(97) {
                earlier.push((snapshot.clone(), content(&snapshot)));
            }
        }
        let expected: Vec<_> = expected.into_iter().collect();
        prop_assert_eq!(content(&snapshot), expected.clone());
        prop_assert_eq!(snapshot.len(), expected.len());
        prop_assert!(snapshot.segments().iter().all(|s| !s.objects.is_empty() && s.objects.len() <= 128));
        let ids: BTreeSet<_> = snapshot.segments().iter().map(|segment| segment.id).collect();
        prop_assert_eq!(ids.len(), snapshot.segments().len());
        for name in 0..400 {
            let found = snapshot.get(&key(name)).map(|object| object.resource_version);
            let at = expected.partition_point(|(k, _)| *k <= key(name));
            prop_assert_eq!(found, expected.iter().find(|(k, _)| *k == key(name)).map(|(_, version)| *version));
            prop_assert_eq!(snapshot.after(&key(name)).count(), expected.len() - at);
        }
        for (snapshot, then) in earlier {
            prop_assert_eq!(content(&snapshot), then);
        }
    }
}
