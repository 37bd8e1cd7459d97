//! Live watches: order, transitions, bookmarks and how they end.

use std::time::Duration;

use tokio::time::Instant;

use super::{Fixture, Rows, WIDGETS};
use crate::apiserver::{log::RingLimits, request::Verb, snapshot::Snapshot};

#[tokio::test(start_paused = true)]
async fn deletions_carry_the_last_state_and_their_own_version() {
    let fixture = Fixture::new();
    fixture.put("", "a", "blue", 5);
    let mut stream = fixture.open("?resourceVersion=101").await;
    fixture.delete("", "a");
    let frame = stream.next().await.unwrap();
    assert_eq!(frame["type"], "DELETED");
    assert_eq!(frame["object"]["metadata"]["resourceVersion"], "102");
    assert_eq!(frame["object"]["spec"]["fill"], "xxxxx");
}

#[tokio::test(start_paused = true)]
async fn rows_enter_and_leave_a_selection() {
    let fixture = Fixture::new();
    fixture.put("", "a", "blue", 1);
    let mut stream = fixture.open("?resourceVersion=101&labelSelector=color%3Dred").await;
    fixture.put("", "a", "red", 2);
    fixture.put("", "a", "red", 3);
    fixture.put("", "a", "blue", 4);
    fixture.put("", "a", "green", 5);
    fixture.delete("", "a");
    fixture.put("", "b", "red", 6);
    fixture.delete("", "b");
    assert_eq!(stream.lines(2).await, ["ADDED a 102", "MODIFIED a 103"]);
    let left = stream.next().await.unwrap();
    assert_eq!((&left["type"], &left["object"]["spec"]["fill"]), (&"DELETED".into(), &"xxx".into()));
    assert_eq!(left["object"]["metadata"]["resourceVersion"], "104");
    assert_eq!(left["object"]["metadata"]["labels"]["color"], "red");
    assert_eq!(stream.lines(2).await, ["ADDED b 107", "DELETED b 108"]);
    assert!(stream.is_quiet(10).await);
}

#[tokio::test(start_paused = true)]
async fn a_name_or_namespace_narrows_a_watch() {
    let fixture = Fixture::namespaced();
    let mut named = fixture.open("?fieldSelector=metadata.name%3Dx&resourceVersion=100").await;
    let mut spaced = fixture.open("n/?resourceVersion=100").await;
    fixture.put("n", "y", "blue", 1);
    fixture.put("m", "x", "blue", 1);
    fixture.put("n", "x", "blue", 1);
    assert_eq!(named.lines(2).await, ["ADDED x 102", "ADDED x 103"]);
    assert_eq!(spaced.lines(2).await, ["ADDED y 101", "ADDED x 103"]);
}

#[tokio::test(start_paused = true)]
async fn bookmarks_come_each_minute_and_before_the_end() {
    let fixture = Fixture::new();
    let started = Instant::now();
    let query = "?resourceVersion=100&allowWatchBookmarks=true&timeoutSeconds=150&labelSelector=color%3Dred";
    let mut stream = fixture.open(query).await;
    fixture.put("", "a", "blue", 1);
    assert_eq!(stream.line().await, "BOOKMARK 101");
    assert!((54..67).contains(&started.elapsed().as_secs()));
    fixture.put("", "a", "blue", 2);
    assert_eq!(stream.line().await, "BOOKMARK 102");
    assert!((108..133).contains(&started.elapsed().as_secs()));
    assert_eq!(stream.line().await, "BOOKMARK 102");
    assert_eq!(started.elapsed().as_secs(), 148);
    assert_eq!(stream.line().await, "END");
    assert_eq!(started.elapsed().as_secs(), 150);
}

#[tokio::test(start_paused = true)]
async fn a_watch_without_bookmarks_has_none_and_lasts_half_an_hour_at_least() {
    let fixture = Fixture::new();
    let started = Instant::now();
    let mut stream = fixture.open("?resourceVersion=100&timeoutSeconds=0").await;
    assert_eq!(stream.line().await, "END");
    assert!((1800..3601).contains(&started.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_watches_cleanly_and_soon() {
    let fixture = Fixture::new();
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(fixture.open("?resourceVersion=100&allowWatchBookmarks=true").await);
    }
    assert!(streams[0].is_quiet(5).await);
    fixture.rest.shared.shutdown.cancel();
    let started = Instant::now();
    let ends = futures::future::join_all(streams.iter_mut().map(|stream| stream.line())).await;
    assert!(ends.iter().all(|end| end == "END"), "{ends:?}");
    assert!(started.elapsed() < Duration::from_millis(500));
    assert_eq!(fixture.send(Verb::Watch, "", &[]).await.status(), 503);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_falls_out_of_the_ring_is_cut() {
    let limits = RingLimits { events: 4, bytes: 1 << 20 };
    let fixture = Fixture::build(&WIDGETS, Rows::default(), 1 << 20, limits);
    let mut stream = fixture.open("?resourceVersion=100").await;
    fixture.put("", "a", "blue", 1);
    assert_eq!(stream.line().await, "ADDED a 101");
    fixture.fill(5, 1);
    assert_eq!(stream.line().await, "END");
    let mut again = fixture.open("?resourceVersion=101").await;
    assert_eq!(again.line().await, "ERROR 410 too old resource version: 101 (102)");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_begins_anew_ends_its_watches() {
    let fixture = Fixture::new();
    let mut stream = fixture.open("?resourceVersion=100").await;
    assert!(stream.is_quiet(1).await);
    fixture.log.reset(Snapshot::default(), 500);
    assert_eq!(stream.line().await, "END");
}

#[tokio::test(start_paused = true)]
async fn many_events_arrive_once_and_in_order() {
    let fixture = Fixture::new();
    let mut stream = fixture.open("?resourceVersion=100").await;
    fixture.fill(2000, 200);
    for number in 0..2000 {
        assert_eq!(stream.line().await, format!("ADDED w{number:05} {}", 101 + number));
    }
    assert!(stream.is_quiet(10).await);
}
