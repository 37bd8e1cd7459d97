//! What a watch begins with, for every kind of version it can ask for.

use super::{BASE, Fixture, Rows, WIDGETS};
use crate::apiserver::log::RingLimits;

const INITIAL: &str = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan";

/// Three widgets, then a watch, then a fourth widget.
async fn begin(query: &str, lines: usize) -> Vec<String> {
    let fixture = Fixture::new();
    fixture.fill(3, 1);
    let mut stream = fixture.open(query).await;
    assert_eq!(stream.status, 200);
    let mut seen = stream.lines(lines).await;
    fixture.put("", "w00001", "red", 1);
    seen.push(stream.line().await);
    seen
}

#[tokio::test(start_paused = true)]
async fn the_version_decides_what_comes_first() {
    let state = ["ADDED w00000 101", "ADDED w00001 102", "ADDED w00002 103"];
    let live = "MODIFIED w00001 104";
    let with_bookmark = format!("?{INITIAL}&allowWatchBookmarks=true");
    for (query, initial, bookmark) in [
        ("".to_owned(), &state[..], None),
        ("?resourceVersion=0".into(), &state, None),
        ("?resourceVersion=100".into(), &state, None),
        ("?resourceVersion=102".into(), &state[2..], None),
        ("?resourceVersion=103".into(), &[], None),
        (with_bookmark.clone(), &state, Some("BOOKMARK end 103")),
        (format!("{with_bookmark}&resourceVersion=0"), &state, Some("BOOKMARK end 103")),
        (format!("{with_bookmark}&resourceVersion=101"), &state, Some("BOOKMARK end 103")),
        (format!("?{INITIAL}"), &state, None),
        ("?sendInitialEvents=false&resourceVersionMatch=NotOlderThan".into(), &[], None),
        ("?sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0".into(), &[], None),
        (
            "?sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=102".into(),
            &state[2..],
            None,
        ),
        (format!("{with_bookmark}&labelSelector=color%3Dnone"), &[], Some("BOOKMARK end 103")),
    ] {
        let mut expected: Vec<_> = initial.iter().chain(&bookmark).map(|line| (*line).to_owned()).collect();
        if query.contains("none") {
            let fixture = Fixture::new();
            fixture.fill(3, 1);
            assert_eq!(fixture.open(&query).await.line().await, expected[0]);
            continue;
        }
        let count = expected.len();
        expected.push(live.into());
        assert_eq!(begin(&query, count).await, expected, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_bookmark_is_of_the_kind_of_the_resource() {
    let fixture = Fixture::new();
    let mut stream = fixture.open(&format!("?{INITIAL}&allowWatchBookmarks=true")).await;
    let bookmark = stream.next().await.unwrap();
    assert_eq!(bookmark["object"]["kind"], "Widget");
    assert_eq!(bookmark["object"]["apiVersion"], "example.io/v1");
}

#[tokio::test(start_paused = true)]
async fn versions_that_are_not_held_are_410_inside_the_stream() {
    let limits = RingLimits { events: 2, bytes: 1 << 20 };
    let fixture = Fixture::build(&WIDGETS, Rows::default(), 1 << 20, limits);
    fixture.fill(5, 1);
    for (version, text) in [
        (1, "ERROR 410 too old resource version: 1 (103)"),
        (102, "ERROR 410 too old resource version: 102 (103)"),
        (106, "ERROR 410 unknown resource version: 106 (current: 105)"),
    ] {
        let mut stream = fixture.open(&format!("?resourceVersion={version}")).await;
        assert_eq!(stream.status, 200);
        assert_eq!(stream.lines(2).await, [text, "END"]);
    }
    let mut held = fixture.open("?resourceVersion=103").await;
    assert_eq!(held.lines(2).await, ["ADDED w00003 104", "ADDED w00004 105"]);
}

#[tokio::test(start_paused = true)]
async fn initial_state_of_a_version_that_never_comes_is_504_inside_the_stream() {
    let fixture = Fixture::new();
    let mut stream = fixture.open(&format!("?{INITIAL}&resourceVersion=999")).await;
    assert_eq!(stream.status, 200);
    let frame = stream.next().await.unwrap();
    assert_eq!((&frame["type"], &frame["object"]["code"]), (&"ERROR".into(), &504.into()));
    assert_eq!(frame["object"]["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
    assert_eq!(stream.line().await, "END");
}

#[tokio::test(start_paused = true)]
async fn large_initial_states_come_whole_and_before_anything_live() {
    for selector in ["", "&labelSelector=color%3Dblue"] {
        let fixture = Fixture::new();
        fixture.fill(400, 2000);
        let mut stream = fixture.open(&format!("?{INITIAL}&allowWatchBookmarks=true{selector}")).await;
        let mut seen = stream.lines(1).await;
        fixture.put("", "w00399", "blue", 1);
        fixture.delete("", "w00398");
        seen.extend(stream.lines(399).await);
        let expected: Vec<_> =
            (0..400).map(|number| format!("ADDED w{number:05} {}", BASE + 1 + number)).collect();
        assert_eq!(seen, expected);
        let rest = stream.lines(3).await;
        assert_eq!(rest, ["BOOKMARK end 500", "MODIFIED w00399 501", "DELETED w00398 502"]);
    }
}
