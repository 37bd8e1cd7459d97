//! The validation table of list and watch options.

use super::{ListOptions, Match};
use crate::apiserver::request::{Query, Verb};

fn parse(verb: Verb, query: &str) -> Result<ListOptions, crate::apiserver::status::ApiError> {
    ListOptions::parse(&Query::parse(query), verb)
}

#[test]
fn forbidden_combinations_are_422_with_their_causes() {
    let unset = "resourceVersionMatch is forbidden unless resourceVersion is provided";
    let continued = "resourceVersionMatch is forbidden when continue is provided";
    let zero = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
    let no_events = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
    let requires = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    for (verb, query, texts) in [
        (Verb::List, "resourceVersionMatch=Exact", vec![unset]),
        (Verb::List, "resourceVersionMatch=NotOlderThan&resourceVersion=1&continue=x", vec![continued]),
        (Verb::List, "resourceVersionMatch=Exact&continue=x", vec![unset, continued]),
        (Verb::List, "resourceVersionMatch=Exact&resourceVersion=0", vec![zero]),
        (Verb::List, "sendInitialEvents=false", vec!["sendInitialEvents is forbidden for list"]),
        (Verb::Watch, "resourceVersionMatch=NotOlderThan", vec![no_events]),
        (Verb::Watch, "sendInitialEvents=true", vec![requires]),
        (Verb::Watch, "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x", vec![continued]),
    ] {
        let error = parse(verb, query).expect_err(query);
        assert_eq!((error.code.as_u16(), error.reason), (422, "Invalid"), "{query}");
        let details = error.details.unwrap();
        let found: Vec<_> = details.causes.iter().map(|cause| cause.message.clone()).collect();
        let expected: Vec<_> = texts.iter().map(|text| format!("Forbidden: {text}")).collect();
        assert_eq!(found, expected, "{query}");
        assert!(error.message.starts_with("ListOptions.meta.k8s.io \"\" is invalid: "), "{query}");
        assert_eq!((details.kind.as_str(), details.group.as_str()), ("ListOptions", "meta.k8s.io"));
    }
}

#[test]
fn unknown_matches_name_the_known_ones() {
    let list = parse(Verb::List, "resourceVersionMatch=x&resourceVersion=1").unwrap_err();
    assert_eq!(
        list.message,
        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Unsupported value: \"x\": supported \
         values: \"Exact\", \"NotOlderThan\", \"\""
    );
    let watch = parse(Verb::Watch, "resourceVersionMatch=Exact&sendInitialEvents=1").unwrap_err();
    assert_eq!(
        watch.message,
        "ListOptions.meta.k8s.io \"\" is invalid: [resourceVersionMatch: Forbidden: sendInitialEvents requires \
         setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: \"Exact\": \
         supported values: \"NotOlderThan\"]"
    );
}

#[test]
fn what_cannot_be_decoded_is_400() {
    for (query, text) in [
        ("limit=x", "strconv.ParseInt: parsing \"x\": invalid syntax"),
        ("limit=", "strconv.ParseInt: parsing \"\": invalid syntax"),
        ("timeoutSeconds=1.5", "strconv.ParseInt: parsing \"1.5\": invalid syntax"),
        (
            "resourceVersion=abc",
            "invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \
             \"abc\": invalid syntax",
        ),
        (
            "resourceVersion=-1",
            "invalid resource version: resourceVersion: Invalid value: \"-1\": strconv.ParseUint: parsing \
             \"-1\": invalid syntax",
        ),
        ("resourceVersion=5&continue=x", "specifying resource version is not allowed when using continue"),
        ("labelSelector=a,", "found '', expected: identifier after ','"),
        ("fieldSelector=a", "invalid selector: 'a'; can't understand 'a'"),
    ] {
        let error = parse(Verb::List, query).expect_err(query);
        assert_eq!((error.code.as_u16(), error.reason, error.message.as_str()), (400, "BadRequest", text));
    }
}

#[test]
fn legal_options_are_read() {
    let options = parse(
        Verb::Watch,
        "resourceVersion=7&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&allowWatchBookmarks=1\
         &timeoutSeconds=30&labelSelector=a&profile=x",
    )
    .unwrap();
    assert_eq!(options.resource_version, Some(7));
    assert_eq!(options.version_match, Some(Match::NotOlderThan));
    assert_eq!(options.send_initial_events, Some(true));
    assert!(options.bookmarks);
    assert_eq!(options.timeout_seconds, Some(30));
    let list = parse(Verb::List, "limit=0&resourceVersion=&continue=&timeoutSeconds=0").unwrap();
    assert_eq!((list.limit, list.resource_version, list.continue_token), (None, None, None));
    assert_eq!(list.timeout_seconds, None);
    assert_eq!(parse(Verb::List, "limit=-3").unwrap().limit, None);
    assert_eq!(
        parse(Verb::List, "continue=x&resourceVersion=0").unwrap().continue_token.as_deref(),
        Some("x")
    );
}
