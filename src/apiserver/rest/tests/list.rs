//! Lists: their bytes, lengths and frames, whatever the cache holds.

use std::io::Read;

use http_body_util::BodyExt;
use serde_json::Value;

use super::{Fixture, Rows, WIDGETS, json, text};
use crate::apiserver::{log::RingLimits, request::Verb};

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_empty_list_is_still_a_list() {
    let fixture = Fixture::new();
    assert_eq!(
        text(fixture.send(Verb::List, "", &[]).await).await,
        "{\"kind\":\"WidgetList\",\"apiVersion\":\"example.io/v1\",\"metadata\":{\"resourceVersion\":\"100\"},\
         \"items\":[]}\n"
    );
}

#[tokio::test]
async fn a_list_has_its_exact_length_and_large_frames() {
    let fixture = Fixture::new();
    fixture.fill(700, 2000);
    let response = fixture.send(Verb::List, "", &[]).await;
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let mut body = response.into_body();
    let (mut total, mut frames) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        total.extend_from_slice(&frame.unwrap().into_data().unwrap());
        frames += 1;
    }
    assert_eq!(total.len(), length);
    assert!(frames < 30, "{frames} frames for 1.4 MB");
    let list: Value = serde_json::from_slice(&total).unwrap();
    assert_eq!(names(&list).len(), 700);
    assert!(names(&list).is_sorted());
    assert_eq!(list["items"][3]["kind"], "Widget");
    assert_eq!(list["items"][3]["apiVersion"], "example.io/v1");
}

#[tokio::test]
async fn lists_do_not_depend_on_the_cache() {
    let with = |cache| Fixture::build(&WIDGETS, Rows::default(), cache, RingLimits::default());
    let (none, tiny, large) = (with(0), with(1000), with(64 << 20));
    let gzip = ("accept-encoding", "gzip");
    let table = ("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    for fixture in [&none, &tiny, &large] {
        fixture.fill(300, 1000);
        fixture.delete("", "w00007");
    }
    for headers in [&[][..], &[gzip], &[table], &[gzip, table]] {
        let mut bodies = Vec::new();
        for fixture in [&none, &tiny, &large, &large] {
            let response = fixture.send(Verb::List, "", headers).await;
            let encoded = response.headers().get("content-encoding").is_some();
            assert_eq!(encoded, headers.contains(&gzip) && !headers.contains(&table));
            bodies.push(response.into_body().collect().await.unwrap().to_bytes());
        }
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{headers:?}");
    }
}

#[tokio::test]
async fn a_new_version_shows_in_cached_lists() {
    let fixture = Fixture::new();
    fixture.fill(200, 1000);
    let gzip = &[("accept-encoding", "gzip")];
    for round in 0..3 {
        let name = format!("x{round}");
        fixture.put("", &name, "blue", 1);
        assert!(names(&fixture.list("").await).contains(&name.as_str()));
        let response = fixture.send(Verb::List, "", gzip).await;
        let plain = unzip(&response.into_body().collect().await.unwrap().to_bytes());
        assert!(plain.contains(&format!("\"name\":\"{name}\"")));
    }
}

fn unzip(bytes: &[u8]) -> String {
    let mut plain = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut plain).unwrap();
    plain
}

#[tokio::test]
async fn large_bodies_are_compressed_and_small_ones_are_not() {
    let fixture = Fixture::new();
    fixture.fill(300, 1000);
    let gzip = &[("accept-encoding", "gzip")];
    let response = fixture.send(Verb::List, "", gzip).await;
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(response.headers()["vary"], "Accept-Encoding");
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(bytes.len(), length);
    assert_eq!(unzip(&bytes), text(fixture.send(Verb::List, "", &[]).await).await);

    let selected = fixture.send(Verb::List, "?labelSelector=color%3Dblue", gzip).await;
    let bytes = selected.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(unzip(&bytes), text(fixture.send(Verb::List, "", &[]).await).await);

    for (path, headers) in [("?limit=3", gzip), ("", &[("accept-encoding", "gzip;q=0")])] {
        let response = fixture.send(Verb::List, path, headers).await;
        assert!(response.headers().get("content-encoding").is_none(), "{path}");
    }
}

#[tokio::test]
async fn selectors_and_namespaces_choose_rows() {
    let fixture = Fixture::namespaced();
    for (namespace, name, color) in
        [("a", "x", "blue"), ("a", "y", "red"), ("a-b", "x", "blue"), ("b", "x", "red"), ("b", "z", "blue")]
    {
        fixture.put(namespace, name, color, 1);
    }
    for (path, expected) in [
        ("", vec!["x", "y", "x", "x", "z"]),
        ("a/", vec!["x", "y"]),
        ("b/", vec!["x", "z"]),
        ("c/", vec![]),
        ("?labelSelector=color%3Dred", vec!["y", "x"]),
        ("a/?labelSelector=color+in+(red)", vec!["y"]),
        ("?fieldSelector=metadata.name%3Dx", vec!["x", "x", "x"]),
        ("?fieldSelector=metadata.namespace%3Da", vec!["x", "y"]),
        ("b/?fieldSelector=metadata.name%3Dz", vec!["z"]),
        ("b/?fieldSelector=metadata.name%3Dz,metadata.namespace%3Da", vec![]),
        ("?fieldSelector=metadata.name!%3Dx", vec!["y", "z"]),
    ] {
        let list = fixture.list(path).await;
        assert_eq!(names(&list), expected, "{path}");
        assert_eq!(list["metadata"]["resourceVersion"], "105");
    }
    assert_eq!(json(fixture.send(Verb::Get, "a/y", &[]).await).await["metadata"]["namespace"], "a");
    assert_eq!(fixture.send(Verb::Get, "a/z", &[]).await.status(), 404);
}

#[tokio::test]
async fn an_old_version_is_old_enough_for_not_older_than() {
    let fixture = Fixture::new();
    fixture.fill(3, 1);
    for query in ["?resourceVersion=0", "?resourceVersion=1", "?resourceVersion=101&limit=0", "?limit=9"] {
        assert_eq!(names(&fixture.list(query).await).len(), 3, "{query}");
    }
    let exact = fixture.list("?resourceVersion=103&resourceVersionMatch=Exact").await;
    assert_eq!(names(&exact).len(), 3);
}

#[tokio::test]
async fn large_objects_are_listed_and_watched_whole() {
    let fixture = Fixture::new();
    fixture.fill(30, 100_000);
    let response = fixture.send(Verb::List, "", &[]).await;
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let list = text(response).await;
    assert_eq!(list.len(), length);
    assert_eq!(names(&serde_json::from_str(&list).unwrap()).len(), 30);
    let mut stream = fixture.open("").await;
    for number in 0..30 {
        assert_eq!(stream.line().await, format!("ADDED w{number:05} {}", 101 + number));
    }
}
