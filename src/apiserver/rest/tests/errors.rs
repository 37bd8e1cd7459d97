//! What a client is told when its request cannot be answered.

use super::{BASE, Fixture, json};
use crate::apiserver::request::Verb;

#[tokio::test(start_paused = true)]
async fn errors_are_statuses_with_upstreams_texts() {
    let fixture = Fixture::new();
    fixture.put("", "a", "blue", 1);
    for (verb, path, code, reason, message) in [
        (Verb::Get, "root:b", 404, "NotFound", "widgets.example.io \"root:b\" not found"),
        (
            Verb::Get,
            "a?resourceVersion=x",
            400,
            "BadRequest",
            "invalid resource version: resourceVersion: Invalid value: \"x\": strconv.ParseUint: parsing \"x\": \
             invalid syntax",
        ),
        (
            Verb::Get,
            "a?resourceVersion=999",
            504,
            "Timeout",
            "Timeout: Too large resource version: 999, current: 101",
        ),
        (
            Verb::List,
            "?resourceVersion=999",
            504,
            "Timeout",
            "Timeout: Too large resource version: 999, current: 101",
        ),
        (
            Verb::List,
            "?resourceVersion=100&resourceVersionMatch=Exact",
            410,
            "Expired",
            "The resourceVersion for the provided list is too old.",
        ),
        (
            Verb::List,
            "?resourceVersion=100&limit=1",
            410,
            "Expired",
            "The resourceVersion for the provided list is too old.",
        ),
        (Verb::List, "?continue=!", 400, "BadRequest", "continue key is not valid: not base64url"),
        (Verb::List, "?continue=e30", 400, "BadRequest", "continue key is not valid: not a token"),
        (
            Verb::Watch,
            "?fieldSelector=spec.x%3D1",
            400,
            "BadRequest",
            "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
        ),
    ] {
        let response = fixture.send(verb, path, &[]).await;
        assert_eq!(response.status().as_u16(), code, "{path}");
        assert_eq!(response.headers()["content-type"], "application/json");
        let retry = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        let status = json(response).await;
        assert_eq!((status["reason"].as_str(), status["message"].as_str()), (Some(reason), Some(message)));
        assert_eq!(status["kind"], "Status");
        if code == 504 {
            assert_eq!(retry.as_deref(), Some("1"));
            assert_eq!(status["details"]["retryAfterSeconds"], 1);
            assert_eq!(status["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
            assert_eq!(status["details"]["causes"][0]["message"], "Too large resource version");
        }
    }
}

#[tokio::test]
async fn a_missing_object_is_named_in_the_details() {
    let status = json(Fixture::new().send(Verb::Get, "b", &[]).await).await;
    let details = &status["details"];
    assert_eq!(
        (&details["name"], &details["group"], &details["kind"]),
        (&"b".into(), &"example.io".into(), &"widgets".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_waits_for_a_version_that_comes_in_time() {
    let fixture = Fixture::new();
    let late = async {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        fixture.put("", "a", "blue", 1);
    };
    let path = format!("?resourceVersion={}&resourceVersionMatch=NotOlderThan", BASE + 1);
    let (list, ()) = tokio::join!(fixture.list(&path), late);
    assert_eq!(list["items"][0]["metadata"]["name"], "a");
    assert_eq!(list["metadata"]["resourceVersion"], "101");
}

#[tokio::test(start_paused = true)]
async fn it_waits_three_seconds_and_no_longer() {
    let fixture = Fixture::new();
    let before = tokio::time::Instant::now();
    assert_eq!(fixture.list("?resourceVersion=999").await["code"], 504);
    let waited = before.elapsed().as_millis();
    assert!((3000..3100).contains(&waited), "{waited}");
}

#[tokio::test]
async fn an_unknown_include_is_400_for_tables_only() {
    let fixture = Fixture::new();
    let table = ("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    let refused = json(fixture.send(Verb::List, "?includeObject=All", &[table]).await).await;
    assert_eq!(refused["code"], 400);
    assert_eq!(
        refused["message"],
        "Unable to convert to Table as requested: unrecognized includeObject value: \"All\""
    );
    assert_eq!(fixture.list("?includeObject=All").await["kind"], "WidgetList");
}
