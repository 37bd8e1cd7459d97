//! Bytes that are made once, and what the observer is told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::BodyExt;

use super::{Fixture, Stream};
use crate::apiserver::{request::Verb, resource::ResourceInfo, rest::WatchObserver};

async fn frame(body: &mut axum::body::Body) -> Bytes {
    body.frame().await.unwrap().unwrap().into_data().unwrap()
}

#[tokio::test]
async fn watchers_share_the_bytes_of_a_frame() {
    let fixture = Fixture::new();
    let mut one = fixture.send(Verb::Watch, "?resourceVersion=100", &[]).await.into_body();
    let selected = "?resourceVersion=100&labelSelector=color%3Dblue";
    let mut other = fixture.send(Verb::Watch, selected, &[]).await.into_body();
    fixture.put("", "a", "blue", 10);
    let (one, other) = (frame(&mut one).await, frame(&mut other).await);
    assert_eq!(one.as_ptr(), other.as_ptr());
}

#[tokio::test]
async fn a_get_shares_the_bytes_of_the_object() {
    let fixture = Fixture::new();
    fixture.put("", "a", "blue", 10);
    let mut body = fixture.send(Verb::Get, "a", &[]).await.into_body();
    let object = fixture.log.snapshot().last().unwrap().json();
    assert_eq!(frame(&mut body).await.as_ptr(), object.as_ptr());
}

#[tokio::test]
async fn lists_share_the_bytes_of_a_segment() {
    let fixture = Fixture::new();
    fixture.fill(60, 2000);
    let mut bytes = Vec::new();
    for _ in 0..2 {
        let mut body = fixture.send(Verb::List, "", &[]).await.into_body();
        let _head = frame(&mut body).await;
        bytes.push(frame(&mut body).await);
    }
    assert!(bytes[0].len() > 100_000);
    assert_eq!(bytes[0].as_ptr(), bytes[1].as_ptr());
}

#[tokio::test]
async fn a_burst_arrives_in_few_large_buffers() {
    let fixture = Fixture::new();
    let mut body = fixture.send(Verb::Watch, "?resourceVersion=100", &[]).await.into_body();
    fixture.fill(200, 1000);
    let (mut frames, mut seen) = (0, 0);
    while seen < 200 {
        let bytes = frame(&mut body).await;
        assert!(bytes.len() < 80 << 10, "{} bytes at once", bytes.len());
        seen += bytes.iter().filter(|byte| **byte == b'\n').count();
        frames += 1;
    }
    assert!(frames <= 5, "{frames} frames");
}

#[derive(Default)]
struct Counter {
    events: AtomicUsize,
    bytes: AtomicUsize,
    lists: AtomicUsize,
}

impl WatchObserver for Counter {
    fn event_delivered(&self, resource: &Arc<ResourceInfo>, bytes: usize) {
        assert_eq!(resource.resource, "widgets");
        self.events.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn watch_list_done(&self, _: &Arc<ResourceInfo>, _: Duration) {
        self.lists.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn the_observer_is_told_of_each_event() {
    let mut fixture = Fixture::new();
    let counter = Arc::new(Counter::default());
    fixture.rest.shared.observer = counter.clone();
    fixture.put("", "a", "blue", 10);
    let query = "?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut stream = Stream::new(fixture.send(Verb::Watch, query, &[]).await);
    assert_eq!(stream.lines(2).await, ["ADDED a 101", "BOOKMARK end 101"]);
    let before = counter.bytes.load(Ordering::Relaxed);
    fixture.put("", "b", "blue", 10);
    let frame = stream.next().await.unwrap();
    assert_eq!(counter.events.load(Ordering::Relaxed), 2);
    assert_eq!(counter.lists.load(Ordering::Relaxed), 1);
    assert_eq!(counter.bytes.load(Ordering::Relaxed) - before, frame.to_string().len() + 1);
}
