//! `kubectl get -w` and raw watches through the aggregator: whoever watches sees every published version,
//! in order, and the end.

use serde_json::Value;

use crate::env::shared;
use crate::fixture::{Report, VIEWS, object_name, workspace};
use crate::process::Process;
use crate::wait::{seconds, until, until_true};

const CHANGES: u64 = 20;

/// The resource versions of `workspace`'s view that a watch printed, one per line: `<name> <version>`.
fn versions(process: &Process, workspace: &str) -> Vec<String> {
    let output = process.stdout();
    let mut found = Vec::<String>::new();
    for line in output.lines() {
        let mut words = line.split_whitespace();
        if words.next() == Some(workspace)
            && let Some(version) = words.next()
            && found.last().is_none_or(|last| last != version)
        {
            found.push(version.to_owned());
        }
    }
    found
}

fn frames(process: &Process) -> Vec<Value> {
    let output = process.stdout();
    let whole = output.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| serde_json::from_str(line).expect("a frame is a line of JSON")).collect()
}

fn deployments(event: &Value) -> u64 {
    event["object"]["status"]["resourceCount"]["deployments"]
        .as_u64()
        .unwrap_or_else(|| panic!("no view: {event}"))
}

fn version(object: &Value) -> String {
    object["metadata"]["resourceVersion"].as_str().expect("every object has a version").to_owned()
}

#[test]
fn every_published_version_reaches_every_watcher() {
    let Some(env) = shared() else { return };
    let (workspace, admin, targets) = (workspace(), env.admin(), &env.targets);
    let target = object_name(&workspace, "a");
    targets.healthy(&target, &workspace, 0);
    let first = targets.until_view(&workspace, "it is complete", |view| {
        view["status"]["data"] == "Complete" && view["status"]["healthStatus"]["healthy"] == 1
    });
    let columns = "-ocustom-columns=:.metadata.name,:.metadata.resourceVersion";
    let mut list = admin.start("get-w", &["get", "av", "-w", "--no-headers", columns, "-v=6"]);
    let mut one =
        admin.start("get-w-name", &["get", "av", &workspace, "-w", "--no-headers", columns, "-v=6"]);
    let path = format!(
        "{VIEWS}?watch=true&fieldSelector=metadata.name%3D{workspace}&resourceVersion={}",
        version(&first.0)
    );
    let mut raw = admin.start("get-raw-watch", &["get", "--raw", &path, "-v=6"]);
    for process in [&list, &one] {
        until_true("a watch printed the list", seconds(30), || !versions(process, &workspace).is_empty());
    }
    // `get -w NAME` drops its first event as one that it printed already: a change must come after that.
    for process in [&list, &one, &raw] {
        until_true("a watch is open", seconds(30), || watches(process));
    }

    for change in 1..=CHANGES {
        targets.report(&target, Report::healthy(change));
        targets.until_deployments(&workspace, change);
    }
    let mut published = vec![version(&first.0)];
    until("the raw watch saw all changes", seconds(30), || {
        let counts: Vec<_> = frames(&raw).iter().map(deployments).collect();
        if counts.last() == Some(&CHANGES) { Ok(()) } else { Err(format!("{counts:?} {}", raw.stderr())) }
    });
    let events = frames(&raw);
    assert!(events.iter().all(|event| event["type"] == "MODIFIED"), "{events:?}");
    let mut distinct: Vec<_> = events.iter().map(deployments).collect();
    distinct.dedup();
    assert_eq!(distinct, (1..=CHANGES).collect::<Vec<_>>(), "no change is left out or comes twice");
    published.extend(events.iter().map(|event| version(&event["object"])));
    for (name, process) in [("get -w", &list), ("get NAME -w", &one)] {
        until_true(&format!("{name} saw the last version"), seconds(30), || {
            versions(process, &workspace).last() == published.last()
        });
        assert_eq!(versions(process, &workspace), published, "{name}");
    }

    targets.delete(&target);
    until_true("the raw watch saw the end", seconds(30), || {
        frames(&raw).last().is_some_and(|event| event["type"] == "DELETED")
    });
    let end = frames(&raw).pop().expect("the frame just seen");
    assert!(published.iter().all(|before| number(before) < number(&version(&end["object"]))));
    for process in [&mut list, &mut one, &mut raw] {
        assert!(process.exited().is_none(), "a watch ended by itself: {}", process.stderr());
    }
}

fn number(version: &str) -> u64 {
    version.parse().expect("versions are decimal")
}

/// Whether kubectl's own log (`-v=6`) says that its watch was answered.
fn watches(process: &Process) -> bool {
    process.stderr().lines().any(|line| line.contains("watch=true") && line.contains("200 OK"))
}

#[test]
fn watch_events_of_kubectl_name_what_happened() {
    let Some(env) = shared() else { return };
    let (workspace, admin, targets) = (workspace(), env.admin(), &env.targets);
    let target = object_name(&workspace, "a");
    let watch = admin.start("watch-events", &["get", "av", "-w", "--output-watch-events"]);
    until_true("the watch printed a header", seconds(30), || watch.stdout().contains("EVENT"));
    let saw = |event: &str| {
        let output = watch.stdout();
        output.lines().any(|line| line.starts_with(event) && line.contains(&workspace))
    };
    targets.healthy(&target, &workspace, 1);
    until_true("ADDED", seconds(30), || saw("ADDED"));
    targets.until_deployments(&workspace, 1);
    targets.report(&target, Report::healthy(2));
    until_true("MODIFIED", seconds(30), || saw("MODIFIED"));
    targets.delete(&target);
    until_true("DELETED", seconds(30), || saw("DELETED"));
}

#[test]
fn a_watch_ends_when_it_asked_to() {
    let Some(env) = shared() else { return };
    let path = format!("{VIEWS}?watch=true&timeoutSeconds=2&resourceVersion=0&allowWatchBookmarks=true");
    let start = std::time::Instant::now();
    let mut watch = env.admin().start("watch-2s", &["get", "--raw", &path]);
    let status = watch.wait(seconds(20));
    assert!(status.success(), "a clean end is no error: {}", watch.stderr());
    assert!(start.elapsed() >= seconds(2), "not before its time: {:?}", start.elapsed());
    let events = frames(&watch);
    assert!(events.iter().all(|event| event["type"] != "ERROR"), "{events:?}");
}

#[test]
fn a_list_can_be_streamed() {
    let Some(env) = shared() else { return };
    let (workspace, targets) = (workspace(), &env.targets);
    targets.healthy(&object_name(&workspace, "a"), &workspace, 1);
    targets.until_deployments(&workspace, 1);
    let path = format!(
        "{VIEWS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=3"
    );
    let mut watch = env.admin().start("watch-list", &["get", "--raw", &path]);
    assert!(watch.wait(seconds(20)).success());
    let events = frames(&watch);
    let ends =
        |event: &Value| event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true";
    let end = events.iter().position(ends).expect("the initial events have an end");
    assert_eq!(events.iter().filter(|event| ends(event)).count(), 1);
    assert_eq!(events[end]["type"], "BOOKMARK");
    assert_eq!(events[end]["object"]["kind"], "AggregatedView");
    assert!(events[..end].iter().all(|event| event["type"] == "ADDED"));
    assert!(events[..end].iter().any(|event| event["object"]["metadata"]["name"] == workspace.as_str()));
}

#[test]
fn a_version_that_is_not_held_is_gone_inside_the_stream() {
    let Some(env) = shared() else { return };
    for version in ["1", "99999999999999999"] {
        let path = format!("{VIEWS}?watch=true&resourceVersion={version}");
        let mut watch = env.admin().start("watch-gone", &["get", "--raw", &path]);
        assert!(watch.wait(seconds(20)).success(), "the answer is 200: {}", watch.stderr());
        let events = frames(&watch);
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["type"], "ERROR");
        assert_eq!(events[0]["object"]["code"], 410);
        assert_eq!(events[0]["object"]["reason"], "Expired");
    }
}
