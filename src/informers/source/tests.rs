//! What a source asks and tells, whatever its upstream does. Time is paused: waits are exact.

use std::time::Duration;

use super::*;
use crate::informers::fixtures::{Answer, End, Script, event, item, list};

const RESOURCE: Resource = Resource { group: "g", version: "v1", plural: "things", namespace: None };

/// In paused time, so a test that hangs fails at once.
const PATIENCE: Duration = Duration::from_secs(3600);

fn whole(text: String) -> Answer {
    Answer::Body(vec![text], End::Close)
}

/// Runs a source against a script until it has told `count` changes; what it told, and when.
async fn tell(script: &Arc<Script>, count: usize) -> Vec<(Duration, String)> {
    tell_within(script, count, Limits::default()).await
}

async fn tell_within(script: &Arc<Script>, count: usize, limits: Limits) -> Vec<(Duration, String)> {
    let (events, mut received) = mpsc::channel(1);
    let metrics = Metrics::new(&prometheus::Registry::new()).unwrap();
    let source = Source::new(script.clone(), RESOURCE, limits, events, metrics);
    let start = Instant::now();
    let collect = async {
        let mut told = Vec::new();
        while told.len() < count {
            let event: Event = received.recv().await.unwrap();
            told.push((start.elapsed(), describe(&event.change)));
        }
        told
    };
    tokio::select! {
        told = tokio::time::timeout(PATIENCE, collect) => told.unwrap(),
        () = source.run(CancellationToken::new()) => panic!("a source ends only when it is told to"),
    }
}

fn describe(change: &Change) -> String {
    match change {
        Change::Reset(objects) => {
            let names: Vec<_> = objects.iter().map(|object| object.meta.name.as_str()).collect();
            format!("reset {}", names.join(","))
        }
        Change::Apply(object) => format!("apply {}", object.meta.name),
        Change::Delete(object) => format!("delete {}", object.meta.name),
        Change::Fresh => "fresh".into(),
        Change::NotInstalled => "not installed".into(),
        Change::Unavailable(trouble) => format!("unavailable {}", trouble.reason()),
    }
}

fn words(told: &[(Duration, String)]) -> Vec<&str> {
    told.iter().map(|(_, word)| word.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn pages_make_one_reset_and_a_watch_goes_on_from_its_last_version() {
    let bookmark = event("BOOKMARK", r#"{"metadata":{"resourceVersion":"9"}}"#);
    let events = event("ADDED", &item("c", "6")) + &event("DELETED", &item("a", "7")) + &bookmark;
    let (first, second) = events.split_at(20);
    let script = Script::new([
        whole(list("5", "t/1", &[item("a", "1")])),
        whole(list("5", "", &[item("b", "2")])),
        Answer::Body(vec![first.into(), second.into()], End::Break),
    ]);
    let told = tell(&script, 6).await;
    let expected = ["reset a,b", "fresh", "apply c", "delete a", "fresh", "unavailable cut"];
    assert_eq!(words(&told), expected);
    let script =
        Script::new([whole(list("5", "", &[])), Answer::Body(vec![events], End::Close), whole("".into())]);
    tell(&script, 8).await;
    let watch = "/apis/g/v1/things?watch=true&allowWatchBookmarks=true&timeoutSeconds=20&resourceVersion=";
    let asked = script.asked();
    assert_eq!(asked[0], "/apis/g/v1/things?limit=500");
    assert_eq!(asked[1..3], [format!("{watch}5"), format!("{watch}9")]);
}

#[tokio::test(start_paused = true)]
async fn the_next_page_is_asked_for_by_its_escaped_token() {
    let script = Script::new([whole(list("5", "a/=&b", &[])), whole(list("5", "", &[]))]);
    tell(&script, 1).await;
    assert_eq!(script.asked()[1], "/apis/g/v1/things?limit=500&continue=a%2F%3D%26b");
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_listed_anew_after_a_wait() {
    let bad_frames = [
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"na\n".to_owned(),
        "<html>\n".to_owned(),
        event("ADDED", r#"{"metadata":{"name":"a"}}"#),
        event("ADDED", &item("a", "4")),
        event("ERROR", r#"{"code":410}"#),
        event("ERROR", r#"{"code":500}"#),
        "a".repeat(2000),
    ];
    for bad in bad_frames {
        let limits = Limits { frame_bytes: 1000, ..Limits::default() };
        let frames = vec![event("ADDED", &item("b", "6")), bad.clone(), event("ADDED", &item("c", "8"))];
        let script = Script::new([
            whole(list("5", "", &[])),
            Answer::Body(frames, End::Silence),
            whole(list("9", "", &[item("c", "8")])),
        ]);
        let told = tell_within(&script, 5, limits).await;
        assert_eq!(words(&told)[..3], ["reset ", "fresh", "apply b"], "{bad}");
        assert!(told[3].1.starts_with("unavailable"), "{bad}");
        assert_eq!(told[4].1, "reset c", "{bad}");
        let wait = told[4].0 - told[3].0;
        assert!(wait >= Duration::from_millis(400) && wait <= Duration::from_millis(801), "{wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_stream_is_found_and_resumed_within_40_seconds() {
    let script = Script::new([
        whole(list("5", "", &[])),
        Answer::Body(vec![event("ADDED", &item("a", "6"))], End::Silence),
        Answer::Body(vec![event("ADDED", &item("b", "7"))], End::Silence),
    ]);
    let told = tell(&script, 6).await;
    assert_eq!(words(&told)[2..], ["apply a", "unavailable timeout", "fresh", "apply b"]);
    assert!(told[5].0 < Duration::from_secs(40), "{:?}", told[5].0);
    assert!(script.asked()[2].ends_with("&resourceVersion=6"));
}

#[tokio::test(start_paused = true)]
async fn a_missing_resource_is_looked_for_every_few_seconds() {
    let missing = || Answer::Status(404, None);
    let script = Script::new([missing(), missing(), missing(), whole(list("5", "", &[]))]);
    let told = tell(&script, 4).await;
    assert_eq!(words(&told), ["not installed", "not installed", "not installed", "reset "]);
    assert_eq!(told[3].0.as_secs(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_is_obeyed_up_to_30_seconds() {
    for (asked, least, most) in [("5", 5, 6), ("315360000", 30, 31)] {
        let script = Script::new([Answer::Status(429, Some(asked)), whole(list("5", "", &[]))]);
        let told = tell(&script, 2).await;
        assert!(told[1].0 >= Duration::from_secs(least) && told[1].0 <= Duration::from_secs(most));
    }
}

#[tokio::test(start_paused = true)]
async fn large_objects_come_in_smaller_pages() {
    let limits = Limits { page_bytes: 150, ..Limits::default() };
    let script = Script::new([
        whole(list("5", "", &[item("a", "1"), item("b", "2"), item("c", "3")])),
        whole(list("5", "t", &[item("a", "1")])),
        whole(list("5", "", &[item("b", "2")])),
    ]);
    assert_eq!(words(&tell_within(&script, 1, limits).await), ["reset a,b"]);
    let query = |n: usize| script.asked()[n].split_once('?').unwrap().1.to_owned();
    assert_eq!([query(0), query(1), query(2)], ["limit=500", "limit=250", "limit=250&continue=t"]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_follows_has_about_as_many_bytes_as_are_read_at_a_time() {
    let page = |next: &str, names: [&str; 2], bytes: usize| {
        let padded = |name: &&str| item(name, "1").replacen('{', &format!("{{{}", " ".repeat(bytes)), 1);
        whole(list("5", next, &names.iter().map(padded).collect::<Vec<_>>()))
    };
    let script = Script::new([
        page("t", ["a", "b"], 64 << 10),
        page("u", ["c", "d"], 1 << 20),
        page("v", ["e", "f"], 0),
        whole(list("5", "", &[])),
    ]);
    assert_eq!(words(&tell(&script, 1).await), ["reset a,b,c,d,e,f"]);
    let limits: Vec<_> = script.asked()[..4]
        .iter()
        .filter_map(|path| path.split(['=', '&']).nth(1).map(str::to_owned))
        .collect();
    assert_eq!(limits, ["500", "3", "1", "500"], "64 KiB each, then more than all, then next to nothing");
}

#[tokio::test(start_paused = true)]
async fn a_list_ends_at_its_limits() {
    let same = || whole(list("5", "t", &[item("a", "1")]));
    assert_eq!(words(&tell(&Script::new([same(), same()]), 1).await), ["unavailable desync"]);
    let page = |n: usize| whole(list("5", &format!("t{n}"), &[item("a", "1")]));
    let limits = [
        Limits { pages: 3, ..Limits::default() },
        Limits { objects: 2, ..Limits::default() },
        Limits { list_bytes: 250, ..Limits::default() },
    ];
    for limits in limits {
        let told = tell_within(&Script::new((0..3).map(page)), 1, limits).await;
        assert_eq!(words(&told), ["unavailable too_large"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_every_watch_at_once_is_asked_less_and_less() {
    let watches = (0..12).map(|_| whole(String::new()));
    let script = Script::new([whole(list("5", "", &[]))].into_iter().chain(watches));
    let told = tell(&script, 20).await;
    let last = told.last().unwrap().0;
    assert!(last > Duration::from_secs(60), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn its_status_tells_how_far_it_is() {
    let script =
        Script::new([Answer::Status(404, None), whole(list("5", "", &[])), Answer::Status(403, None)]);
    let (events, mut received) = mpsc::channel(64);
    let metrics = Metrics::new(&prometheus::Registry::new()).unwrap();
    let source = Source::new(script, RESOURCE, Limits::default(), events, metrics);
    let mut status = source.status();
    let shutdown = CancellationToken::new();
    let watch = async {
        let phase = |phase| move |status: &SourceStatus| status.phase == phase;
        assert!(!status.wait_for(phase(Phase::NotInstalled)).await.unwrap().listed);
        assert!(status.wait_for(phase(Phase::Following)).await.unwrap().listed);
        let last = status.wait_for(phase(Phase::Unavailable)).await.unwrap().clone();
        assert!(last.listed && matches!(last.trouble, Some(Trouble::Status(code, _)) if code == 403));
        shutdown.cancel();
    };
    let both = async { tokio::join!(source.run(shutdown.clone()), watch) };
    tokio::time::timeout(PATIENCE, both).await.unwrap();
    assert!(received.try_recv().is_ok());
}

#[tokio::test(start_paused = true)]
async fn it_lists_anew_when_it_is_told_to_and_keeps_what_it_is_told_to() {
    let script = Script::new([
        whole(list("5", "", &[item("a", "1")])),
        Answer::Body(vec![event("ADDED", &item("bb", "6"))], End::Silence),
        whole(list("9", "", &[item("a", "1"), item("bb", "6"), item("ccc", "7")])),
    ]);
    let (events, mut received) = mpsc::channel(1);
    let metrics = Metrics::new(&prometheus::Registry::new()).unwrap();
    let length = |object: RawObject| object.meta.name.len();
    let source = Source::keeping(script.clone(), RESOURCE, Limits::default(), events, metrics, length);
    let relist = source.relist();
    let read = async {
        let mut told = Vec::new();
        while told.len() < 4 {
            let event: Event<usize> = received.recv().await.unwrap();
            if matches!(event.change, Change::Apply(2)) {
                relist.relist();
            }
            told.push(format!("{:?}", event.change));
        }
        assert_eq!(told, ["Reset([1])", "Fresh", "Apply(2)", "Reset([1, 2, 3])"]);
    };
    tokio::select! {
        done = tokio::time::timeout(PATIENCE, read) => done.unwrap(),
        () = source.run(CancellationToken::new()) => panic!("a source ends only when it is told to"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_quiet_source_holds_its_watches_long_and_gives_up_silent_ones_early() {
    let watches = (0..40).map(|_| Answer::Body(vec![event("ADDED", &item("a", "6"))], End::Silence));
    let script = Script::new([whole(list("5", "", &[]))].into_iter().chain(watches));
    let told = tell_within(&script, 41, Limits::quiet()).await;
    // Nothing is wrong with a watch on which nothing happens.
    assert!(words(&told)[1..].chunks(2).all(|pair| pair == ["fresh", "apply a"]));
    assert_eq!(told[39].0.as_secs(), 180 * 19);
    let asked = script.asked();
    let lengths: Vec<u64> = asked[1..]
        .iter()
        .map(|path| path.split_once("timeoutSeconds=").unwrap().1.split('&').next().unwrap().parse().unwrap())
        .collect();
    assert!(lengths.iter().all(|seconds| (300..=600).contains(seconds)), "{lengths:?}");
    assert!(lengths.iter().any(|seconds| *seconds != lengths[0]), "{lengths:?}");
}

#[tokio::test(start_paused = true)]
async fn objects_are_counted_by_one_of_them() {
    use crate::informers::count;
    let page = |next: &str, remaining: &str| {
        whole(format!(
            r#"{{"metadata":{{"resourceVersion":"7","continue":"{next}"{remaining}}},"items":[{}]}}"#,
            item("a", "1")
        ))
    };
    for (answer, objects) in [
        (page("t", r#","remainingItemCount":41"#), Some(42)),
        (page("", ""), Some(1)),
        (page("t", ""), None),
        (whole(list("7", "", &[])), Some(0)),
    ] {
        let script = Script::new([answer]);
        let counted = count(&*script, RESOURCE, &Limits::default()).await.unwrap();
        assert_eq!((counted.objects, counted.resource_version.as_str()), (objects, "7"));
        assert_eq!(script.asked(), ["/apis/g/v1/things?limit=1"]);
    }
    assert!(count(&*Script::new([Answer::Status(403, None)]), RESOURCE, &Limits::default()).await.is_err());
}
