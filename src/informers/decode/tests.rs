//! What is read, and what makes a source start over.

use super::*;

const LEASES: Resource =
    Resource { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace: Some("tmc-system") };

const OBJECT: &str = r#"{"metadata":{"name":"a","namespace":"tmc-system","uid":"u","resourceVersion":"7","creationTimestamp":"2026-01-02T03:04:05Z","labels":{"k":"v"}},"spec":{"x":[1,2]}}"#;

#[test]
fn a_page_keeps_the_bytes_of_its_objects() {
    let json =
        format!(r#"{{"kind":"L","metadata":{{"resourceVersion":"9","continue":"t"}},"items":[{OBJECT}]}}"#);
    let page = page(&LEASES, json.as_bytes(), 128, Ok).unwrap();
    assert_eq!((page.resource_version.as_str(), page.next.as_str()), ("9", "t"));
    assert_eq!(page.objects[0].json.get(), OBJECT);
    assert_eq!(page.objects[0].meta.labels["k"], "v");
    assert_eq!(page.objects[0].meta.creation_timestamp, "2026-01-02T03:04:05Z".parse().ok());
}

#[test]
fn an_empty_list_may_have_null_items() {
    let page = page(&LEASES, br#"{"metadata":{"resourceVersion":"9"},"items":null}"#, 128, Ok).unwrap();
    assert!(page.objects.is_empty() && page.next.is_empty());
}

#[test]
fn events_are_told_apart() {
    let read = |json: String| frame(&LEASES, json.as_bytes(), 128).unwrap();
    assert!(matches!(read(format!(r#"{{"type":"ADDED","object":{OBJECT}}}"#)), Frame::Apply(_)));
    assert!(matches!(read(format!(r#"{{"type":"MODIFIED","object":{OBJECT}}}"#)), Frame::Apply(_)));
    assert!(matches!(read(format!(r#"{{"type":"DELETED","object":{OBJECT}}}"#)), Frame::Delete(_)));
    let bookmark = r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12"}}}"#;
    assert!(matches!(read(bookmark.into()), Frame::Bookmark(version) if version == "12"));
    let error = r#"{"type":"ERROR","object":{"kind":"Status","code":410}}"#;
    assert!(matches!(read(error.into()), Frame::Error(410)));
}

#[test]
fn what_is_not_a_whole_event_is_a_desync() {
    let foreign = OBJECT.replace("tmc-system", "other");
    let nameless = OBJECT.replace(r#""name":"a","#, "");
    let versionless = OBJECT.replace(r#""resourceVersion":"7","#, "");
    for json in [
        "{".to_owned(),
        r#"{"type":"ADDED","object":{"metadata":{"name":"a""#.to_owned(),
        "[]".to_owned(),
        r#"{"type":"ADDED","object":{}}"#.to_owned(),
        r#"{"type":"NEW","object":{}}"#.to_owned(),
        r#"{"type":"BOOKMARK","object":{"metadata":{}}}"#.to_owned(),
        format!(r#"{{"type":"ADDED","object":{foreign}}}"#),
        format!(r#"{{"type":"ADDED","object":{nameless}}}"#),
        format!(r#"{{"type":"ADDED","object":{versionless}}}"#),
    ] {
        let error = frame(&LEASES, json.as_bytes(), 128).unwrap_err();
        assert!(matches!(error, Trouble::Desync(_)), "{json}: {error:?}");
    }
}

#[test]
fn deep_nesting_is_refused_but_not_brackets_in_strings() {
    let deep = format!(r#"{{"type":"ADDED","object":{}{}}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(frame(&LEASES, deep.as_bytes(), 128).unwrap_err(), Trouble::TooLarge("nesting"));
    let text = OBJECT.replace("[1,2]", &format!(r#""\"{}""#, "[{".repeat(500)));
    assert!(frame(&LEASES, format!(r#"{{"type":"ADDED","object":{text}}}"#).as_bytes(), 128).is_ok());
}

#[test]
fn where_an_object_says_it_is_counts_only_among_many_logical_clusters() {
    let read = |annotations: &str, across| {
        let text = OBJECT.replace(r#""uid":"u","#, &format!(r#""uid":"u","annotations":{annotations},"#));
        let Frame::Apply(object) =
            frame(&LEASES, format!(r#"{{"type":"ADDED","object":{text}}}"#).as_bytes(), 128).unwrap()
        else {
            panic!("an added object");
        };
        place(object, across).map(|object| (object.meta.cluster.clone(), object.meta.id().into_owned()))
    };
    let said = r#"{"kcp.io/cluster":"1abc","b":"c"}"#;
    assert_eq!(read(said, true), Ok(("1abc".to_owned(), "1abc|u".to_owned())));
    assert_eq!(read(said, false), Ok((String::new(), "u".to_owned())));
    for silent in ["{}", "null", r#"{"kcp.io/cluster":""}"#] {
        assert!(matches!(read(silent, true), Err(Trouble::Desync(_))), "{silent}");
        assert_eq!(read(silent, false), Ok((String::new(), "u".to_owned())));
    }
}
