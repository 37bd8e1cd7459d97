//! The same rows as Table, metadata, YAML and indented JSON.

use serde_json::{Value, json as value};

use super::{Fixture, Stream, json, text};
use crate::apiserver::request::Verb;

const TABLE: (&str, &str) = ("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");

#[tokio::test]
async fn a_table_has_columns_rows_and_a_version() {
    let fixture = Fixture::new();
    fixture.put("", "a", "blue", 3);
    let table = json(fixture.send(Verb::List, "", &[TABLE]).await).await;
    assert_eq!((&table["kind"], &table["apiVersion"]), (&value!("Table"), &value!("meta.k8s.io/v1")));
    assert_eq!(table["metadata"], value!({"resourceVersion": "101"}));
    assert_eq!(
        table["columnDefinitions"][0],
        value!({"name": "Name", "type": "string", "format": "name", "description": "The name.", "priority": 0})
    );
    let metadata = value!({"name": "a", "resourceVersion": "101", "labels": {"color": "blue"}});
    let object =
        value!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata});
    assert_eq!(table["rows"], value!([{"cells": ["a", 3, "<unknown>"], "object": object}]));

    let whole = json(fixture.send(Verb::List, "?includeObject=Object", &[TABLE]).await).await;
    assert_eq!(whole["rows"][0]["object"]["kind"], "Widget");
    assert_eq!(whole["rows"][0]["object"]["spec"]["fill"], "xxx");
    let none = json(fixture.send(Verb::List, "?includeObject=None", &[TABLE]).await).await;
    assert_eq!(none["rows"][0]["object"], Value::Null);
    let single = json(fixture.send(Verb::Get, "a", &[TABLE]).await).await;
    assert_eq!((&single["rows"], &single["metadata"]), (&table["rows"], &table["metadata"]));
    let empty = json(Fixture::new().send(Verb::List, "", &[TABLE]).await).await;
    assert_eq!(empty["rows"], value!([]));
    assert_eq!(empty["columnDefinitions"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn large_tables_are_complete() {
    let fixture = Fixture::new();
    fixture.fill(1000, 300);
    let table = json(fixture.send(Verb::List, "", &[TABLE]).await).await;
    assert_eq!(table["rows"].as_array().unwrap().len(), 1000);
    let page = json(fixture.send(Verb::List, "?limit=400", &[TABLE]).await).await;
    assert_eq!(page["rows"].as_array().unwrap().len(), 400);
    assert_eq!(page["metadata"]["remainingItemCount"], 600);
}

#[tokio::test]
async fn metadata_alone() {
    let fixture = Fixture::new();
    fixture.put("", "a", "blue", 3);
    let list = ("accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    let list = json(fixture.send(Verb::List, "", &[list]).await).await;
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    assert_eq!(list["metadata"]["resourceVersion"], "101");
    assert_eq!(list["items"][0]["metadata"]["name"], "a");
    assert_eq!(list["items"][0].as_object().unwrap().len(), 3);
    let single = ("accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1");
    let single = json(fixture.send(Verb::Get, "a", &[single]).await).await;
    assert_eq!(single["apiVersion"], "meta.k8s.io/v1beta1");
    assert_eq!(single["metadata"], list["items"][0]["metadata"]);
}

#[tokio::test]
async fn yaml_and_indented_json_say_the_same() {
    let fixture = Fixture::new();
    for name in ["a", "root:b", "3", "null"] {
        fixture.put("", name, "blue", 3);
    }
    for (verb, path, form) in [
        (Verb::List, "", None),
        (Verb::List, "?labelSelector=color%3Dnone", None),
        (Verb::List, "?limit=2", None),
        (Verb::Get, "root:b", None),
        (Verb::List, "", Some("as=Table;v=v1;g=meta.k8s.io")),
        (Verb::Get, "a", Some("as=Table;v=v1;g=meta.k8s.io")),
    ] {
        let ask = |media: &str| form.map_or(media.to_owned(), |form| format!("{media};{form}"));
        let plain = fixture.send(verb, path, &[("accept", &ask("application/json"))]).await;
        let plain = text(plain).await;
        let plain: Value = serde_json::from_str(&plain).unwrap();
        let yaml = fixture.send(verb, path, &[("accept", &ask("application/yaml"))]).await;
        assert_eq!(yaml.headers()["content-type"], "application/yaml");
        let yaml = text(yaml).await;
        let parsed: Value = serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        assert_eq!(without_token(parsed), without_token(plain.clone()), "{yaml}");
        let pretty = fixture.send(verb, path, &[("accept", &ask("application/json;pretty=1"))]).await;
        assert_eq!(pretty.headers()["content-type"], "application/json");
        let pretty: Value = serde_json::from_str(&text(pretty).await).unwrap();
        assert_eq!(without_token(pretty), without_token(plain));
    }
}

fn without_token(mut value: Value) -> Value {
    if let Some(metadata) = value["metadata"].as_object_mut() {
        metadata.remove("continue");
    }
    value
}

#[tokio::test]
async fn indentation_is_that_of_serde() {
    let fixture = Fixture::new();
    fixture.put("", "a\\\"b", "blue", 3);
    let plain: Box<serde_json::value::RawValue> =
        serde_json::from_str(&text(fixture.send(Verb::List, "", &[]).await).await).unwrap();
    let pretty = text(fixture.send(Verb::List, "?pretty=true", &[]).await).await;
    let mut compact = String::new();
    let mut in_string = false;
    let mut escaped = false;
    for c in pretty.chars() {
        in_string ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        if in_string || !c.is_ascii_whitespace() {
            compact.push(c);
        }
    }
    assert_eq!(compact, plain.get());
    assert!(pretty.starts_with("{\n  \"kind\": \"WidgetList\",\n  \"apiVersion\""));
    assert!(
        pretty.contains("\n        \"empty\": [],\n        \"none\": {}\n      }\n    }\n  ]\n}"),
        "{pretty}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_table_watch_names_its_columns_once() {
    let fixture = Fixture::new();
    fixture.put("", "a", "blue", 1);
    let query = "?allowWatchBookmarks=true&timeoutSeconds=300&includeObject=None";
    let mut stream = Stream::new(fixture.send(Verb::Watch, query, &[TABLE]).await);
    let first = stream.next().await.unwrap();
    assert_eq!(first["object"]["kind"], "Table");
    assert_eq!(first["object"]["columnDefinitions"].as_array().unwrap().len(), 3);
    assert_eq!(first["object"]["rows"][0]["cells"][0], "a");
    fixture.put("", "b", "blue", 1);
    let second = stream.next().await.unwrap();
    assert_eq!(second["object"]["columnDefinitions"], Value::Null);
    assert_eq!(second["object"]["metadata"]["resourceVersion"], "102");
    assert_eq!(second["object"]["rows"][0]["object"], Value::Null);
    let bookmark = stream.next().await.unwrap();
    assert_eq!(bookmark["type"], "BOOKMARK");
    let row = &bookmark["object"]["rows"][0];
    assert_eq!(row["cells"].as_array().unwrap().len(), 3);
    assert_eq!(row["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(row["object"]["metadata"]["resourceVersion"], "102");
}

#[tokio::test(start_paused = true)]
async fn a_metadata_watch_ends_its_initial_events_in_its_own_form() {
    let fixture = Fixture::new();
    fixture.put("", "a", "blue", 1);
    let accept = ("accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
    let query = "?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut stream = Stream::new(fixture.send(Verb::Watch, query, &[accept]).await);
    for expected in ["ADDED", "BOOKMARK"] {
        let frame = stream.next().await.unwrap();
        assert_eq!(frame["type"], expected);
        assert_eq!(frame["object"]["kind"], "PartialObjectMetadata");
        assert_eq!(frame["object"]["apiVersion"], "meta.k8s.io/v1");
    }
}
