//! The cache keeps within its bytes and gives the same answer full, small and empty.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;

use super::{EncodedCache, ListKey};
use crate::apiserver::{items::ItemFormat, negotiation::Media, rest::tests::widget, snapshot::Snapshot};

fn key(resource_version: u64) -> ListKey {
    ListKey { log: 1, resource_version, format: ItemFormat::Object, media: Media::Json }
}

#[test]
fn segments_stay_within_the_capacity() {
    let capacity = 400_000;
    let cache = EncodedCache::new(capacity);
    let mut snapshot = Snapshot::default();
    for number in 0..2000 {
        snapshot.put(Arc::new(widget("", &format!("n{number:05}"), "blue", 1000, number)));
    }
    for _ in 0..3 {
        for segment in snapshot.segments() {
            let bytes = cache.segment(segment, ItemFormat::Object);
            assert_eq!(bytes, ItemFormat::Object.write_segment(segment));
        }
    }
    cache.segments.run_pending_tasks();
    assert!(cache.segments.weighted_size() <= capacity);
    assert!(cache.segments.entry_count() > 0);
}

#[tokio::test]
async fn a_list_that_many_ask_for_is_made_once() {
    let made = Arc::new(AtomicUsize::new(0));
    let ask = |cache: Arc<EncodedCache>, version| {
        let made = made.clone();
        async move {
            let make = move || {
                made.fetch_add(1, Ordering::Relaxed);
                Bytes::from(format!("list {version}"))
            };
            cache.list(key(version), make).await.unwrap()
        }
    };
    let cache = Arc::new(EncodedCache::new(1 << 20));
    let answers = futures::future::join_all((0..10).map(|_| ask(cache.clone(), 1))).await;
    assert!(answers.iter().all(|answer| answer == "list 1"));
    assert_eq!(made.load(Ordering::Relaxed), 1);
    assert_eq!(ask(cache, 2).await, "list 2");
    let empty = Arc::new(EncodedCache::new(0));
    assert_eq!(ask(empty.clone(), 3).await, "list 3");
    assert_eq!(ask(empty, 3).await, "list 3");
}
