//! Grammar, matching and limits of selectors.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{FieldSelector, LabelSelector};
use crate::apiserver::object::{Key, Object, Parts};

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

#[test]
fn requirements_match_as_upstream() {
    let of = labels(&[("app", "web"), ("tier", ""), ("size", "7"), ("example.io/a", "x")]);
    for (selector, expected) in [
        ("", true),
        ("  ", true),
        ("app", true),
        ("other", false),
        ("!app", false),
        ("!other", true),
        ("! other", true),
        ("app=web", true),
        ("app==web", true),
        ("app = web", true),
        ("app=db", false),
        ("app!=web", false),
        ("app!=db", true),
        ("other!=db", true),
        ("other=", false),
        ("tier=", true),
        ("tier=,app", true),
        ("app in (db,web)", true),
        ("app in (db)", false),
        ("app notin (db)", true),
        ("other notin (db)", true),
        ("app notin (web)", false),
        ("tier in ()", true),
        ("app in ()", false),
        ("tier in (,)", true),
        ("tier in (a,)", true),
        ("app in (a,)", false),
        ("size>6", true),
        ("size>7", false),
        ("size<8", true),
        ("size<7", false),
        ("app>1", false),
        ("other<1", false),
        ("example.io/a=x,app in (web),!gone", true),
        ("example.io/a=x,app in (db)", false),
        ("in in (a)", false),
        ("notin!=a", true),
    ] {
        let parsed = LabelSelector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"));
        assert_eq!(parsed.matches(&of), expected, "{selector}");
    }
}

#[test]
fn label_errors_have_the_text_of_upstream() {
    for (selector, text) in [
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in", "unable to parse requirement: found '' expected: '('"),
        ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
        ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a=(", "unable to parse requirement: found '(', expected: identifier"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
    ] {
        assert_eq!(LabelSelector::parse(selector).unwrap_err(), text, "{selector}");
    }
    for (selector, start) in [
        (
            "a>b",
            "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value",
        ),
        ("-a", "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of"),
        ("/a", "unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be non-empty"),
        ("a/", "unable to parse requirement: <nil>: Invalid value: \"a/\": name part must be non-empty"),
        (
            "A.B/a",
            "unable to parse requirement: <nil>: Invalid value: \"A.B/a\": prefix part a lowercase RFC 1123",
        ),
        ("a/b/c", "unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a qualified name"),
        ("a=b:c", "unable to parse requirement: values[0][a]: Invalid value: \"b:c\": a valid label must be"),
    ] {
        let error = LabelSelector::parse(selector).unwrap_err();
        assert!(error.starts_with(start), "{selector}: {error}");
    }
}

#[test]
fn fields_match_and_unescape() {
    let key = |namespace: &str, name: &str| {
        Object::new(Parts {
            api_version: "v1",
            kind: "Thing",
            key: Key { namespace: namespace.into(), name: name.into() },
            resource_version: 1,
            labels: BTreeMap::new(),
            cells: Vec::new(),
            metadata: b"",
            rest: b"",
        })
    };
    for (selector, of, expected) in [
        ("", key("", "a"), true),
        (",", key("", "a"), true),
        ("metadata.name=a", key("", "a"), true),
        ("metadata.name==a", key("", "a"), true),
        ("metadata.name=root:a", key("", "root:a"), true),
        ("metadata.name!=a", key("", "a"), false),
        ("metadata.name!=a", key("", "b"), true),
        ("metadata.namespace=n,metadata.name=a", key("n", "a"), true),
        ("metadata.namespace=n,metadata.name=a", key("m", "a"), false),
        ("metadata.namespace=", key("", "a"), true),
        (r"metadata.name=a\,b\=c\\", key("", r"a,b=c\"), true),
    ] {
        let parsed = FieldSelector::parse(selector).unwrap_or_else(|error| panic!("{selector}: {error}"));
        assert_eq!(parsed.matches(&of), expected, "{selector}");
    }
    assert_eq!(FieldSelector::parse("metadata.name=a").unwrap().name(), Some("a"));
    assert_eq!(FieldSelector::parse("metadata.name!=a").unwrap().name(), None);
    let mut event = key("n", "a");
    event.fields.insert("type".into(), "Normal".into());
    for (selector, expected) in [("type=Normal", true), ("type=Warning", false), ("reason=", true)] {
        assert_eq!(FieldSelector::parse(selector).unwrap().matches(&event), expected, "{selector}");
    }
}

#[test]
fn only_fields_of_the_kind_may_be_asked_for() {
    let check = |selector: &str, others: &[&str]| {
        let others: Vec<_> = others.iter().map(|other| (*other).to_owned()).collect();
        FieldSelector::parse(selector).unwrap().check(&others)
    };
    assert!(check("type=a,metadata.name=b", &["type"]).is_ok());
    assert_eq!(check("reason=a", &["type"]).unwrap_err(), "field label not supported: reason");
    assert_eq!(
        check("spec.x=1", &[]).unwrap_err(),
        "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
    );
}

#[test]
fn field_errors_have_the_text_of_upstream() {
    for (selector, text) in [
        ("a", "invalid selector: 'a'; can't understand 'a'"),
        ("metadata.name=a,b", "invalid selector: 'metadata.name=a,b'; can't understand 'b'"),
        ("metadata.name=a=b", "invalid field selector: unescaped character in value: ="),
        (r"metadata.name=\a", r"invalid field selector: invalid escape sequence: \a"),
        (r"metadata.name=a\", r"invalid field selector: invalid escape sequence: \"),
    ] {
        assert_eq!(FieldSelector::parse(selector).unwrap_err(), text, "{selector}");
    }
}

#[test]
fn selectors_have_limits() {
    let many = |count: usize, of: &str| vec![of; count].join(",");
    assert!(LabelSelector::parse(&many(64, "a")).is_ok());
    assert!(LabelSelector::parse(&many(65, "a")).is_err());
    let values = |count: usize| {
        let values: Vec<_> = (0..count).map(|value| format!("v{value}")).collect();
        format!("a in ({})", values.join(","))
    };
    assert!(LabelSelector::parse(&values(256)).is_ok());
    assert!(LabelSelector::parse(&values(257)).is_err());
    assert!(FieldSelector::parse(&many(64, "metadata.name!=a")).is_ok());
    assert!(FieldSelector::parse(&many(65, "metadata.name!=a")).is_err());
    assert!(LabelSelector::parse(&" ".repeat(8193)).is_err());
    assert!(FieldSelector::parse(&",".repeat(8193)).is_err());
}

proptest! {
    #[test]
    fn any_text_gives_an_answer(text in r"[a-c=!<>(), \\.inot]{0,40}") {
        let _ = LabelSelector::parse(&text);
        let _ = FieldSelector::parse(&text);
    }

    #[test]
    fn a_set_and_its_complement_part_all_objects(
        values in prop::collection::btree_set("[a-d]{0,2}", 1..4),
        label in prop::option::of("[a-d]{0,2}"),
    ) {
        // `,` before the end also names the empty value, which a single empty value needs.
        let list: Vec<_> = values.iter().cloned().collect();
        let list = if values.contains("") { format!("{},", list.join(",")) } else { list.join(",") };
        let of: BTreeMap<_, _> = label.iter().map(|label| ("k".to_owned(), label.clone())).collect();
        let is_in = LabelSelector::parse(&format!("k in ({list})")).unwrap().matches(&of);
        let is_not = LabelSelector::parse(&format!("k notin ({list})")).unwrap().matches(&of);
        prop_assert_eq!(is_in, label.is_some_and(|label| values.contains(&label)));
        prop_assert_ne!(is_in, is_not);
    }

    #[test]
    fn escaped_names_are_found(name in r"[a-z=,\\:]{1,12}") {
        let escaped = name.replace('\\', r"\\").replace(',', r"\,").replace('=', r"\=");
        let selector = FieldSelector::parse(&format!("metadata.name={escaped}")).unwrap();
        prop_assert_eq!(selector.name(), Some(name.as_str()));
    }
}
