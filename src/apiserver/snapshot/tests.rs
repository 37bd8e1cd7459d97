//! A snapshot is a sorted map whatever was put into it and taken out.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;

use super::{SEGMENT_OBJECTS, Snapshot};
use crate::apiserver::{object::Key, rest::tests::widget};

fn key(number: u16) -> Key {
    Key { namespace: "".into(), name: format!("n{number:03}").into() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn it_holds_what_was_put_and_not_removed(
        steps in prop::collection::vec((0..300u16, prop::bool::weighted(0.6)), 0..1200),
        after in 0..300u16,
    ) {
        let (mut snapshot, mut model) = (Snapshot::default(), BTreeMap::new());
        for (version, (number, put)) in steps.into_iter().enumerate() {
            let key = key(number);
            if put {
                snapshot.put(Arc::new(widget("", &key.name, "blue", 1, version as u64)));
                model.insert(key, version as u64);
            } else {
                let removed = snapshot.remove(&key).map(|object| object.resource_version);
                prop_assert_eq!(removed, model.remove(&key));
            }
        }
        prop_assert_eq!(snapshot.len(), model.len());
        let pairs: Vec<_> = snapshot.iter().map(|o| (o.key.clone(), o.resource_version)).collect();
        prop_assert_eq!(pairs, model.clone().into_iter().collect::<Vec<_>>());
        prop_assert_eq!(snapshot.last().map(|o| &o.key), model.keys().next_back());
        let rest: Vec<_> = snapshot.after(&key(after)).map(|object| object.key.clone()).collect();
        prop_assert_eq!(rest, model.range(key(after + 1)..).map(|(k, _)| k.clone()).collect::<Vec<_>>());
        for segment in snapshot.segments() {
            let json_len: usize = segment.objects.iter().map(|object| object.json().len()).sum();
            prop_assert!(!segment.objects.is_empty() && segment.objects.len() <= 2 * SEGMENT_OBJECTS);
            prop_assert_eq!(segment.json_len, json_len);
        }
        for key in (0..300).map(key) {
            let found = snapshot.get(&key).map(|object| object.resource_version);
            prop_assert_eq!(found, model.get(&key).copied());
        }
    }
}

#[test]
fn segments_that_shrink_join_their_neighbours() {
    let mut snapshot = Snapshot::default();
    for number in 0..1000 {
        snapshot.put(Arc::new(widget("", &key(number).name, "blue", 1, 1)));
    }
    for number in (0..1000).filter(|number| number % 50 != 0) {
        snapshot.remove(&key(number));
    }
    assert_eq!(snapshot.len(), 20);
    assert!(snapshot.segments().len() <= 2, "{} segments for 20 objects", snapshot.segments().len());
}

#[test]
fn an_older_snapshot_never_changes() {
    let mut snapshot = Snapshot::default();
    for number in 0..300 {
        snapshot.put(Arc::new(widget("", &key(number).name, "blue", 1, 1)));
    }
    let content = |snapshot: &Snapshot| {
        snapshot.iter().map(|o| (o.key.clone(), o.resource_version)).collect::<Vec<_>>()
    };
    let (older, then) = (snapshot.clone(), content(&snapshot));
    for number in 0..300 {
        match number % 3 {
            0 => drop(snapshot.remove(&key(number))),
            _ => snapshot.put(Arc::new(widget("", &key(number + 1).name, "blue", 1, 2))),
        }
    }
    assert_eq!(content(&older), then);
    assert_ne!(content(&snapshot), then);
}
