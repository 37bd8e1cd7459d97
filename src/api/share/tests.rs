//! Shares keep within their room, whoever writes them, and are read back as they were written.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn status(bytes: usize) -> Map<String, Value> {
    let status = json!({
        "observedGeneration": 3, "replicas": 2, "text": "x".repeat(bytes),
        "conditions": [{"type": "Available", "status": "True", "message": "m".repeat(bytes.min(100))}],
    });
    status.as_object().cloned().unwrap()
}

#[test]
fn targets_are_read_off_the_finalizers() {
    let object = json!({"metadata": {"finalizers": [
        "workload.kcp.io/syncer-b", "other", "workload.kcp.io/syncer-", "workload.kcp.io/syncer-a", 7,
    ]}});
    assert_eq!(targets(&object).into_iter().collect::<Vec<_>>(), ["a", "b"]);
    assert!(targets(&json!({"metadata": {"finalizers": "syncer"}})).is_empty());
}

#[test]
fn what_does_not_fit_is_cut_down() {
    let read = |bytes, targets, room| Share::read(&Share::fit(&status(bytes), targets, room)?);
    let whole = read(500, 2, SHARE_BYTES).unwrap();
    assert_eq!((whole.form, &whole.status), (Form::Whole, &status(500)));
    let counters = read(500, WHOLE_TARGETS + 1, SHARE_BYTES).unwrap();
    assert_eq!(counters.form, Form::Counters);
    let expected = json!({"observedGeneration": 3, "replicas": 2, "conditions": [{"type": "Available", "status": "True"}]});
    assert_eq!((Value::Object(counters.status), counters.partial), (expected, true));
    let short = read(5, WHOLE_TARGETS + 1, SHARE_BYTES).unwrap();
    assert_eq!((short.form, short.partial, &short.status["text"]), (Form::Counters, false, &json!("xxxxx")));
    assert_eq!(read(20_000, 2, SHARE_BYTES).unwrap().form, Form::Counters);
    let digest = read(500, 2, 80).unwrap();
    assert_eq!((digest.form, digest.observed_generation()), (Form::Digest, Some(3)));
    assert_ne!(Share::fit(&status(500), 2, 80), Share::fit(&status(501), 2, 80));
    assert_eq!(Share::fit(&status(500), 2, 10), None);
}

#[test]
fn a_text_that_is_no_share_has_none() {
    for text in ["", "[]", "{}", "\"##promoted##\"", "{\"status\":1}", "{\"digest\":1}", &"[".repeat(100_000)]
    {
        assert_eq!(Share::read(text), None, "{}", clean::cut(text, 20));
    }
}

#[test]
fn one_who_takes_all_leaves_the_least() {
    assert_eq!(room(2, 0), SHARE_BYTES);
    assert_eq!(room(2, ALL_BYTES), LEAST_BYTES);
    assert_eq!(room(64, 0), 2048);
    assert_eq!(room(1000, usize::MAX), 131);
}

proptest! {
    /// Targets come and go, write in any order and as often as they like, and take all that they may.
    #[test]
    fn all_shares_keep_within_the_room(
        joins in prop::collection::vec(1_usize..40, 1..6),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..100),
    ) {
        let mut shares: Vec<usize> = Vec::new();
        for join in joins {
            shares.resize(shares.len() + join, 0);
            let count = shares.len();
            for own in order.iter().map(|own| own.index(count)).chain(0..count) {
                shares[own] = room(count, shares.iter().sum::<usize>() - shares[own]);
                prop_assert!(shares[own] <= SHARE_BYTES);
                // Whoever came late had its least while the others had not made room yet.
                prop_assert!(shares.iter().sum::<usize>() <= ALL_BYTES + count * LEAST_BYTES);
            }
            prop_assert!(shares.iter().sum::<usize>() <= ALL_BYTES, "once all have written");
        }
    }

    #[test]
    fn a_share_is_never_longer_than_its_room(bytes in 0_usize..4000, targets in 1_usize..100, room in 0_usize..5000) {
        if let Some(text) = Share::fit(&status(bytes), targets, room) {
            prop_assert!(text.len() <= room);
            prop_assert_eq!(Share::read(&text).unwrap().observed_generation(), Some(3));
        }
    }
}
