//! Invariants under any history: LIST+WATCH = LIST, pages = list, each event once and in order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::{BASE, Fixture, Stream};
use crate::apiserver::request::Verb;

#[derive(Clone, Debug)]
enum Step {
    Put(u8, bool),
    Delete(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..12u8, any::<bool>()).prop_map(|(name, red)| Step::Put(name, red)),
        1 => (0..12u8).prop_map(Step::Delete),
    ];
    prop::collection::vec(step, 0..60)
}

fn apply(fixture: &Fixture, steps: &[Step]) {
    for step in steps {
        match step {
            Step::Put(name, red) => {
                fixture.put("", &format!("n{name:02}"), if *red { "red" } else { "blue" }, 8);
            }
            Step::Delete(name) => {
                fixture.delete("", &format!("n{name:02}"));
            }
        }
    }
}

type State = BTreeMap<String, Value>;

fn state(list: &Value) -> State {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| (item["metadata"]["name"].as_str().unwrap().into(), item.clone())).collect()
}

/// Applies the frames up to a version and checks their order and types on the way.
async fn follow(stream: &mut Stream, state: &mut State, mut version: u64, until: u64) {
    while version < until {
        let frame = stream.next().await.expect("the stream goes on");
        let object = frame["object"].clone();
        let at: u64 = object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
        assert!(at > version, "versions grow");
        version = at;
        let Some(name) = object["metadata"]["name"].as_str().map(str::to_owned) else { continue };
        let known = match frame["type"].as_str().unwrap() {
            "DELETED" => state.remove(&name).is_some(),
            "ADDED" => state.insert(name, object).is_none(),
            "MODIFIED" => state.insert(name, object).is_some(),
            other => panic!("{other}"),
        };
        assert!(known, "{frame} fits what the client knows");
    }
}

fn fixture(filtered: bool) -> Fixture {
    match filtered {
        true => Fixture::seen(&["n01", "n03", "n05", "n07", "n11"], 0),
        false => Fixture::new(),
    }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_list_and_its_watch_make_the_later_list(
        before in steps(),
        after in steps(),
        selector in prop::sample::select(vec!["", "labelSelector=color%3Dred", "labelSelector=color!%3Dred"]),
        filtered in any::<bool>(),
    ) {
        run(async {
            let fixture = fixture(filtered);
            apply(&fixture, &before);
            let list = fixture.list(&format!("?{selector}")).await;
            let version = list["metadata"]["resourceVersion"].as_str().unwrap();
            let query = format!("?{selector}&allowWatchBookmarks=true&resourceVersion={version}");
            let mut stream = fixture.open(&query).await;
            let half = after.len() / 2;
            let mut known = state(&list);
            let mut reached: u64 = version.parse().unwrap();
            for part in [&after[..half], &after[half..]] {
                apply(&fixture, part);
                // The bookmark tells how far the watch is when nothing was left to tell.
                let head = fixture.log.head();
                if head > reached {
                    follow(&mut stream, &mut known, reached, head).await;
                }
                reached = head;
                assert_eq!(known, state(&fixture.list(&format!("?{selector}")).await));
            }
        });
    }

    #[test]
    fn initial_events_and_what_follows_make_the_later_list(
        before in steps(),
        after in steps(),
        filtered in any::<bool>(),
    ) {
        run(async {
            let fixture = fixture(filtered);
            apply(&fixture, &before);
            let query = "?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
            let mut stream = fixture.open(query).await;
            let mut known = State::new();
            let snapshot = loop {
                let frame = stream.next().await.unwrap();
                let meta = &frame["object"]["metadata"];
                if frame["type"] == "BOOKMARK" {
                    assert_eq!(meta["annotations"]["k8s.io/initial-events-end"], "true");
                    break meta["resourceVersion"].as_str().unwrap().parse().unwrap();
                }
                assert_eq!(frame["type"], "ADDED");
                known.insert(meta["name"].as_str().unwrap().into(), frame["object"].clone());
            };
            assert_eq!(snapshot, fixture.log.head());
            apply(&fixture, &after);
            follow(&mut stream, &mut known, snapshot, fixture.log.head()).await;
            assert_eq!(known, state(&fixture.list("").await));
        });
    }

    #[test]
    fn pages_make_the_whole_list(
        before in steps(),
        churn in steps(),
        limit in 1..6usize,
        selector in prop::sample::select(vec!["", "labelSelector=color%3Dred"]),
        filtered in any::<bool>(),
    ) {
        run(async {
            let fixture = fixture(filtered);
            apply(&fixture, &before);
            let whole = fixture.list(&format!("?{selector}")).await;
            let mut items = Vec::new();
            let mut token = String::new();
            let mut churn = churn.chunks(3);
            loop {
                let page = fixture.list(&format!("?{selector}&limit={limit}&continue={token}")).await;
                assert_eq!(page["metadata"]["resourceVersion"], whole["metadata"]["resourceVersion"]);
                let rows = page["items"].as_array().unwrap();
                assert!(rows.len() <= limit);
                items.extend(rows.clone());
                match page["metadata"]["continue"].as_str() {
                    Some(next) => next.clone_into(&mut token),
                    None => break,
                }
                apply(&fixture, churn.next().unwrap_or_default());
            }
            assert_eq!(&Value::Array(items), &whole["items"]);
        });
    }

    #[test]
    fn every_event_is_told_once(history in steps()) {
        run(async {
            let fixture = Fixture::new();
            let mut early = fixture.open(&format!("?resourceVersion={BASE}")).await;
            apply(&fixture, &history);
            let late = fixture.send(Verb::Watch, &format!("?resourceVersion={BASE}"), &[]).await;
            let mut late = Stream::new(late);
            let (events, _) = fixture.log.events_after(BASE, usize::MAX).unwrap();
            for event in &events {
                let (one, other) = (early.next().await.unwrap(), late.next().await.unwrap());
                assert_eq!(one, other);
                assert_eq!(one["type"].as_str().unwrap(), format!("{:?}", event.kind).to_uppercase());
                assert_eq!(one["object"], serde_json::from_slice::<Value>(&event.object.json()).unwrap());
            }
            assert!(early.is_quiet(10).await && late.is_quiet(10).await);
        });
    }
}
