//! Sums that are moved change by change are those that a count from scratch finds, whatever happens in what order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn at(seconds: u64) -> Now {
    let epoch: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let elapsed = Duration::from_secs(seconds);
    Now { elapsed, wall: epoch + jiff::SignedDuration::from_secs(seconds as i64) }
}

fn trouble(works: u8) -> Box<Trouble> {
    Box::new(Trouble::new(works, "Reason", "message", None))
}

fn seen(namespace: &str, name: &str, counted: bool, ready: bool) -> Seen {
    Seen {
        namespace: namespace.into(),
        name: name.into(),
        version: 1,
        marks: Marks { counted, ready },
        trouble: (counted && !ready).then(|| trouble(0)),
    }
}

#[derive(Clone, Debug)]
enum Step {
    Apply(Seen),
    Delete(Seen),
    Reset(Vec<Seen>),
    /// The namespace changes its labels.
    Flip(String),
}

fn object() -> impl Strategy<Value = Seen> {
    (0..4u8, 0..4u8, any::<bool>(), any::<bool>()).prop_map(|(namespace, name, counted, ready)| {
        // One of them is no namespace at all.
        let namespace = if namespace == 0 { String::new() } else { format!("n{namespace}") };
        seen(&namespace, &format!("o{name}"), counted, ready)
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => object().prop_map(Step::Apply),
        3 => object().prop_map(Step::Delete),
        1 => prop::collection::vec(object(), 0..12).prop_map(Step::Reset),
        2 => (1..4u8).prop_map(|namespace| Step::Flip(format!("n{namespace}"))),
    ]
}

/// What is there, as a map.
#[derive(Default)]
struct Oracle {
    objects: BTreeMap<Key, Marks>,
    closed: BTreeSet<String>,
}

impl Oracle {
    fn admits(&self, namespace: &str) -> bool {
        !self.closed.contains(namespace)
    }

    fn sums(&self, everywhere: bool) -> Sums {
        let mut sums = Sums::default();
        self.objects
            .iter()
            .filter(|((namespace, _), _)| everywhere || self.admits(namespace))
            .for_each(|(_, marks)| sums.add(*marks));
        sums
    }

    fn troubled(&self, everywhere: bool) -> Vec<Key> {
        let is_in = |(key, marks): &(&Key, &Marks)| {
            marks.counted && !marks.ready && (everywhere || self.admits(&key.0))
        };
        self.objects.iter().filter(is_in).map(|(key, _)| key.clone()).collect()
    }
}

proptest! {
    #[test]
    fn moved_sums_are_those_of_a_recount(everywhere: bool, steps in prop::collection::vec(step(), 0..60)) {
        let mut oracle = Oracle::default();
        let mut tally = Tally::new(everywhere, BTreeMap::new());
        for (second, step) in steps.into_iter().enumerate() {
            let before = (tally.counted(), tally.present(), tally.troubled().count());
            let now = at(second as u64);
            let key = |seen: &Seen| (seen.namespace.clone(), seen.name.clone());
            let closed = oracle.closed.clone();
            let admits = move |name: &str| !closed.contains(name);
            let changed = match step {
                Step::Apply(seen) => {
                    oracle.objects.insert(key(&seen), seen.marks);
                    tally.apply(seen, &admits, now)
                }
                Step::Delete(seen) => {
                    oracle.objects.remove(&key(&seen));
                    tally.delete(seen)
                }
                Step::Reset(all) => {
                    oracle.objects = all.iter().map(|seen| (key(seen), seen.marks)).collect();
                    tally.reset(all, &admits, now)
                }
                Step::Flip(namespace) => {
                    if !oracle.closed.remove(&namespace) {
                        oracle.closed.insert(namespace.clone());
                    }
                    tally.readmit(&namespace, oracle.admits(&namespace))
                }
            };
            let expected = oracle.sums(everywhere);
            prop_assert_eq!(tally.counted(), (expected.counted, expected.ready));
            prop_assert_eq!(tally.present(), oracle.sums(false).present);
            prop_assert_eq!(tally.all, oracle.sums(true));
            prop_assert_eq!(tally.said().everything, oracle.objects.len() as u64);
            let troubled: Vec<_> = tally.troubled().map(|(key, _)| key.clone()).collect();
            prop_assert_eq!(troubled, oracle.troubled(everywhere));
            let after = (tally.counted(), tally.present(), tally.troubled().count());
            prop_assert!(changed || before == after, "a change was not told");
            // Nothing is kept of what is gone.
            let kept: usize = tally.places.values().map(|place| place.objects.len()).sum();
            prop_assert_eq!(kept, oracle.objects.len());
            prop_assert!(tally.places.values().all(|place| !place.objects.is_empty()));
        }
    }
}

#[test]
fn what_changes_nothing_is_not_told() {
    let mut tally = Tally::new(false, BTreeMap::new());
    let all = |_: &str| true;
    assert!(tally.reset(vec![], &all, at(0)), "it was listed");
    assert!(tally.apply(seen("a", "b", true, false), &all, at(1)));
    assert!(!tally.apply(seen("a", "b", true, false), &all, at(2)));
    assert!(!tally.reset(vec![seen("a", "b", true, false)], &all, at(3)));
    assert!(!tally.delete(seen("a", "c", true, true)));
    assert!(!tally.readmit("other", true) && !tally.readmit("a", true));
    assert!(tally.apply(seen("a", "b", true, true), &all, at(4)));
}

fn since(tally: &Tally) -> Option<String> {
    let (_, troubled) = tally.troubled().next()?;
    troubled.since.map(|since| since.to_string())
}

#[test]
fn a_trouble_keeps_the_time_it_began() {
    let all = |_: &str| true;
    let mut tally = Tally::new(false, [(("a".into(), "known".into()), Some(at(0).wall))].into());
    // At the first look nobody knows since when, unless the object or the last report tells.
    tally.reset(vec![seen("a", "known", true, false)], &all, at(100));
    assert_eq!(since(&tally).as_deref(), Some("2026-03-01T00:00:00Z"));
    tally.reset(vec![], &all, at(110));
    assert_eq!(since(&tally), None);
    tally.apply(seen("a", "known", true, false), &all, at(120));
    assert_eq!(since(&tally).as_deref(), Some("2026-03-01T00:02:00Z"));
    // Another reason, a new list: it is the same trouble.
    let worse = Seen {
        trouble: Some(Box::new(Trouble::new(0, "Worse", "", Some(at(130).wall)))),
        ..seen("a", "known", true, false)
    };
    assert!(tally.apply(worse.clone(), &all, at(130)));
    tally.reset(vec![worse], &all, at(140));
    assert_eq!(since(&tally).as_deref(), Some("2026-03-01T00:02:00Z"));
    // It was well in between.
    tally.apply(seen("a", "known", true, true), &all, at(150));
    tally.apply(seen("a", "known", true, false), &all, at(160));
    assert_eq!(since(&tally).as_deref(), Some("2026-03-01T00:02:40Z"));
    // A clock that is ahead makes no future.
    let ahead = Seen {
        trouble: Some(Box::new(Trouble::new(0, "R", "", Some(at(9999).wall)))),
        ..seen("a", "b", true, false)
    };
    let mut tally = Tally::new(false, BTreeMap::new());
    tally.reset(vec![ahead], &all, at(10));
    assert_eq!(since(&tally).as_deref(), Some("2026-03-01T00:00:10Z"));
    let mut tally = Tally::new(false, BTreeMap::new());
    tally.reset(vec![seen("a", "b", true, false)], &all, at(10));
    assert_eq!(since(&tally), None);
}

#[test]
fn a_probe_sees_every_change() {
    let all = |_: &str| true;
    let mut tally = Tally::new(false, BTreeMap::new());
    tally.reset(vec![seen("a", "one", true, true), seen("a", "other", false, false)], &all, at(0));
    let probed = |tally: &mut Tally| tally.probe = Some(Probe::new(tally.said()));
    probed(&mut tally);
    tally.apply(Seen { version: 5, ..seen("a", "two", true, true) }, &all, at(1));
    tally.delete(Seen { version: 7, ..seen("a", "other", false, false) });
    let said = |version| tally.probe.as_ref().and_then(|probe| probe.at(version));
    assert_eq!(said("4"), Some(Said { everything: 2, total: 1 }));
    assert_eq!(said("5"), Some(Said { everything: 3, total: 2 }));
    assert_eq!(said("8"), Some(Said { everything: 2, total: 2 }));
    tally.readmit("a", false);
    assert_eq!(tally.probe.as_ref().and_then(|probe| probe.at("8")), None);
    probed(&mut tally);
    tally.reset(vec![], &all, at(2));
    assert_eq!(tally.probe.as_ref().and_then(|probe| probe.at("8")), None);
}
