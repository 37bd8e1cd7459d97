//! Versions that a reader asks for.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    apiserver::{log::RingLimits, scope::Scope},
    informers::{Change, Event},
    views::{
        FLUSH_INTERVAL, LEASES, Metrics, Origin, QUEUE, SYNC_TARGETS, Views,
        clock::{Clock, SystemClock},
        fixtures::{object, target},
        index::Index,
        publisher::Publisher,
    },
};

#[test]
fn a_watch_may_start_from_every_object_of_the_beginning() {
    let (clock, metrics) = (SystemClock::default(), Metrics::new(&prometheus::Registry::new()).unwrap());
    let mut index = Index::new(Origin::Kubernetes, metrics.clone());
    for name in ["a", "b", "c"] {
        let value = target(name, name, &format!("root:{name}"), "True", 1);
        index.apply_target(&object(&value), clock.now());
    }
    let mut publisher = Publisher::new(RingLimits::default(), &metrics);
    publisher.begin(&mut index, clock.now());
    for (_, log) in publisher.logs() {
        let snapshot = log.snapshot();
        assert!(snapshot.iter().count() >= 3);
        for object in snapshot.iter() {
            assert_eq!(log.holds(object.resource_version), Ok(()), "{:?}", object.key);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_asked_for_comes_at_once_without_an_event() {
    let (sender, events) = mpsc::channel(QUEUE);
    let metrics = Metrics::new(&prometheus::Registry::new()).unwrap();
    let views = Views::new(
        Origin::Kubernetes,
        events,
        Arc::new(SystemClock::default()),
        RingLimits::default(),
        metrics,
    );
    let storages = views.storages();
    let shutdown = CancellationToken::new();
    let asking = async {
        for resource in [SYNC_TARGETS, LEASES] {
            let change = Change::Reset(Vec::new());
            let received = tokio::time::Instant::now();
            sender.send(Event { resource, received, change }).await.unwrap();
        }
        let log = loop {
            match storages[0].log(&Scope::None) {
                Ok(log) => break log,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let (mut head, before) = (log.subscribe(), log.head());
        let begun = tokio::time::Instant::now();
        for _ in 0..1000 {
            log.ask_for_version();
        }
        head.wait_for(|version| *version > before).await.unwrap();
        assert!(begun.elapsed() <= 2 * FLUSH_INTERVAL);
        assert_eq!(log.events_after(before, 10).unwrap().0.len(), 0);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(log.head() <= before + 2, "one for the question that was waited for, one for all the others");
        assert_eq!(storages[1].log(&Scope::None).unwrap().head(), log.head(), "both go together");
        shutdown.cancel();
    };
    tokio::join!(asking, views.run(shutdown.clone()));
}
