//! What a reader gets from the ring: every event after his version, or a clear no.

use std::collections::BTreeMap;

use super::*;
use crate::apiserver::object::{Key, Parts};

fn event(resource_version: u64) -> Event {
    let object = Object::new(Parts {
        api_version: "g/v1",
        kind: "Thing",
        key: Key { namespace: "".into(), name: resource_version.to_string().into() },
        resource_version,
        labels: BTreeMap::new(),
        cells: Vec::new(),
        metadata: br#""name":"a""#,
        rest: b"",
    });
    Event {
        resource_version,
        kind: EventKind::Added,
        object: Arc::new(object),
        previous: None,
        frame: OnceLock::new(),
    }
}

fn versions(log: &ResourceLog, after: u64, max: usize) -> Result<(Vec<u64>, u64), NotHeld> {
    let (events, reached) = log.events_after(after, max)?;
    Ok((events.iter().map(|event| event.resource_version).collect(), reached))
}

#[test]
fn an_empty_ring_holds_only_its_base() {
    let log = ResourceLog::new(RingLimits::default());
    log.reset(Snapshot::default(), 100);
    assert_eq!(log.snapshot().resource_version, 100);
    assert_eq!(log.holds(100), Ok(()));
    for asked in [0, 99, 101] {
        assert_eq!(log.holds(asked), Err(NotHeld { asked, start: 100, head: 100 }));
    }
}

#[test]
fn a_reader_gets_each_event_after_his_version_once() {
    let log = ResourceLog::new(RingLimits::default());
    log.reset(Snapshot::default(), 100);
    log.publish(vec![event(101), event(103)], Snapshot::default(), 104);
    assert_eq!(versions(&log, 100, 9), Ok((vec![101, 103], 104)));
    assert_eq!(versions(&log, 100, 1), Ok((vec![101], 101)), "a part of the events is not the head");
    assert_eq!(versions(&log, 101, 9), Ok((vec![103], 104)));
    assert_eq!(versions(&log, 104, 9), Ok((vec![], 104)));
    assert_eq!(log.head(), 104);
    assert_eq!(log.snapshot().resource_version, 104);
}

#[test]
fn the_oldest_go_when_the_ring_is_full() {
    for limits in [RingLimits { events: 2, bytes: usize::MAX }, RingLimits { events: 99, bytes: 1000 }] {
        let log = ResourceLog::new(limits);
        log.reset(Snapshot::default(), 1);
        log.publish((2..=9).map(event).collect(), Snapshot::default(), 9);
        assert_eq!(versions(&log, 7, 9), Ok((vec![8, 9], 9)), "{limits:?}");
        assert_eq!(log.holds(6), Err(NotHeld { asked: 6, start: 7, head: 9 }), "{limits:?}");
    }
}

#[test]
fn a_reset_forgets_every_version_before_it() {
    let log = ResourceLog::new(RingLimits::default());
    log.publish(vec![event(5)], Snapshot::default(), 5);
    let mut head = log.subscribe();
    head.mark_unchanged();
    log.reset(Snapshot::default(), 50);
    assert!(head.has_changed().unwrap());
    assert!(log.holds(5).is_err());
    assert_eq!(versions(&log, 50, 9), Ok((vec![], 50)));
}
