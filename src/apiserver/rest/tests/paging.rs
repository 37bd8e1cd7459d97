//! Pages: one version over all of them, bound to who asked, for a limited time.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{Fixture, json};
use crate::apiserver::request::Verb;

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

fn token(list: &Value) -> String {
    list["metadata"]["continue"].as_str().unwrap_or_else(|| panic!("no token: {list}")).to_owned()
}

#[tokio::test]
async fn pages_show_one_version_while_the_world_moves_on() {
    let fixture = Fixture::new();
    fixture.fill(10, 1);
    let first = fixture.list("?limit=4").await;
    assert_eq!(first["metadata"]["remainingItemCount"], 6);
    fixture.delete("", "w00005");
    fixture.put("", "w00004a", "red", 1);
    let second = fixture.list(&format!("?limit=4&continue={}", token(&first))).await;
    fixture.delete("", "w00008");
    let third = fixture.list(&format!("?limit=4&resourceVersion=0&continue={}", token(&second))).await;
    let all: Vec<_> = [&first, &second, &third].into_iter().flat_map(names).collect();
    assert_eq!(all, (0..10).map(|number| format!("w{number:05}")).collect::<Vec<_>>());
    for page in [&first, &second, &third] {
        assert_eq!(page["metadata"]["resourceVersion"], "110");
    }
    assert_eq!(second["metadata"]["remainingItemCount"], 2);
    assert_eq!(third["metadata"].get("continue"), None);
    assert_eq!(third["metadata"].get("remainingItemCount"), None);
    // The version is pinned, so that it can be asked for exactly too.
    assert_eq!(names(&fixture.list("?resourceVersion=110&resourceVersionMatch=Exact").await).len(), 10);
}

#[tokio::test]
async fn a_page_that_takes_everything_is_the_last() {
    let fixture = Fixture::new();
    fixture.fill(4, 1);
    for limit in [4, 5] {
        let list = fixture.list(&format!("?limit={limit}")).await;
        assert_eq!(names(&list).len(), 4);
        assert_eq!(list["metadata"].get("continue"), None);
    }
}

#[tokio::test]
async fn the_remaining_count_is_for_those_who_see_all_rows_unselected() {
    let fixture = Fixture::new();
    fixture.fill(10, 1);
    let selected = fixture.list("?limit=4&labelSelector=color%3Dblue").await;
    assert!(selected["metadata"]["continue"].is_string());
    assert_eq!(selected["metadata"].get("remainingItemCount"), None);
    let filtered = Fixture::seen(&["w00001", "w00003", "w00004"], 0);
    filtered.fill(10, 1);
    let page = filtered.list("?limit=2").await;
    assert_eq!(names(&page), ["w00001", "w00003"]);
    assert_eq!(page["metadata"].get("remainingItemCount"), None);
    let last = filtered.list(&format!("?limit=2&continue={}", token(&page))).await;
    assert_eq!(names(&last), ["w00004"]);
    assert_eq!(last["metadata"].get("continue"), None);
}

#[tokio::test]
async fn a_token_opens_nothing_but_its_own_list() {
    let fixture = Fixture::namespaced();
    for name in ["x", "y", "z"] {
        fixture.put("a", name, "blue", 1);
        fixture.put("b", name, "blue", 1);
    }
    let token = token(&fixture.list("a/?limit=1").await);
    let good = fixture.list(&format!("a/?limit=5&continue={token}")).await;
    assert_eq!(names(&good), ["y", "z"]);
    for (user, path) in [
        ("bob", format!("a/?limit=1&continue={token}")),
        ("alice", format!("b/?limit=1&continue={token}")),
        ("alice", format!("?limit=1&continue={token}")),
        ("alice", format!("a/?labelSelector=color&continue={token}")),
        ("alice", format!("a/?fieldSelector=metadata.name!%3Dq&continue={token}")),
    ] {
        let refused = json(fixture.send_as(user, Verb::List, &path, &[]).await).await;
        assert_eq!(refused["code"], 400, "{user} {path}");
        assert!(refused["message"].as_str().unwrap().starts_with("continue key is not valid: "));
    }
}

#[tokio::test]
async fn a_changed_token_opens_nothing() {
    let fixture = Fixture::new();
    fixture.fill(3, 1);
    let token = token(&fixture.list("?limit=1").await);
    let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
    let mut opened = 0;
    for bit in 0..bytes.len() * 8 {
        let mut forged = bytes.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        let forged = URL_SAFE_NO_PAD.encode(forged);
        let answer = fixture.list(&format!("?continue={forged}")).await;
        opened += usize::from(answer["kind"] != "Status");
        assert!(answer["code"] == 400 || answer["code"] == 410, "bit {bit}: {answer}");
    }
    assert_eq!(opened, 0);
}

#[tokio::test]
async fn a_token_of_another_process_is_expired() {
    let (fixture, other) = (Fixture::new(), Fixture::new());
    fixture.fill(3, 1);
    other.fill(3, 1);
    let answer = other.list(&format!("?continue={}", token(&fixture.list("?limit=1").await))).await;
    assert_eq!((&answer["code"], &answer["reason"]), (&410.into(), &"Expired".into()));
}

#[tokio::test(start_paused = true)]
async fn an_expired_page_offers_to_go_on_with_what_is_there() {
    let fixture = Fixture::new();
    fixture.fill(4, 1);
    let first = fixture.list("?limit=2").await;
    fixture.put("", "w00009", "blue", 1);
    tokio::time::advance(Duration::from_secs(299)).await;
    assert_eq!(names(&fixture.list(&format!("?continue={}", token(&first))).await), ["w00002", "w00003"]);
    tokio::time::advance(Duration::from_secs(2)).await;
    let expired = fixture.list(&format!("?continue={}", token(&first))).await;
    assert_eq!((&expired["code"], &expired["reason"]), (&410.into(), &"Expired".into()));
    let text =
        "The provided continue parameter is too old to display a consistent list result. You can start";
    assert!(expired["message"].as_str().unwrap().starts_with(text));
    let rest = fixture.list(&format!("?continue={}", token(&expired))).await;
    assert_eq!(names(&rest), ["w00002", "w00003", "w00009"]);
    assert_eq!(rest["metadata"]["resourceVersion"], "105");
}

#[tokio::test]
async fn pinned_snapshots_are_bounded() {
    let fixture = Fixture::new();
    fixture.fill(3, 1);
    let first = token(&fixture.list("?limit=1").await);
    for round in 0..63 {
        fixture.put("", "w00001", "red", round);
        fixture.list("?limit=1").await;
    }
    assert_eq!(names(&fixture.list(&format!("?continue={first}")).await), ["w00001", "w00002"]);
    fixture.put("", "w00001", "red", 99);
    fixture.list("?limit=1").await;
    assert_eq!(fixture.list(&format!("?continue={first}")).await["code"], 410);
}
