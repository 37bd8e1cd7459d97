//! Paths read as those of server-side apply, are found again, and are left out.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{any_kind, any_object, differences, kind};
use crate::syncer::compare::{FieldPath, without};

fn service() -> Value {
    json!({"metadata": {"labels": {"app.kubernetes.io/name": "web", "app": "x"}, "finalizers": ["a", "b]"]},
        "spec": {"ports": [{"port": 80, "name": "http"}, {"port": 53, "protocol": "UDP"}], "externalIPs": ["1.1.1.1"],
        "selector": {"app": "web"}}})
}

#[test]
fn fields_that_a_server_names_are_found() {
    for text in [
        ".metadata.labels.app.kubernetes.io/name",
        ".metadata.labels.app",
        ".metadata.finalizers[=\"b]\"]",
        ".spec.ports[port=80,protocol=\"TCP\"].name",
        ".spec.ports[port=53,protocol=\"UDP\"]",
        ".spec.externalIPs",
        ".spec.externalIPs[0]",
        ".spec",
        "",
    ] {
        let found = FieldPath::find(text, &service()).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(found.to_string(), text);
        assert!(found.get(&service()).is_some(), "{text}");
    }
    for text in [
        ".metadata.labels.ap",
        ".spec.ports[port=80,protocol=\"UDP\"]",
        ".spec.ports[port=80",
        "spec",
        ".",
        "[",
    ] {
        assert_eq!(FieldPath::find(text, &service()), None, "{text}");
    }
}

#[test]
fn pointers_name_a_field_and_all_below_it() {
    let path = FieldPath::find(".spec.ports[port=53,protocol=\"UDP\"].protocol", &service()).unwrap();
    for (pointer, within) in [
        ("", true),
        ("/spec", true),
        ("/spec/ports", true),
        ("/spec/ports/1", true),
        ("/spec/ports/1/protocol", true),
        ("/spec/ports/0/protocol", false),
        ("/spec/ports/1/protocol/x", false),
        ("/spec/port", false),
        ("spec", false),
        ("/", false),
    ] {
        assert_eq!(path.is_within(pointer, &service()), within, "{pointer}");
    }
    let label = FieldPath::find(".metadata.labels.app.kubernetes.io/name", &service()).unwrap();
    assert!(label.is_within("/metadata/labels/app.kubernetes.io~1name", &service()));
}

#[test]
fn fields_are_left_out_with_what_becomes_empty() {
    let mut object = service();
    let paths = [
        ".spec.selector.app",
        ".spec.ports[port=80,protocol=\"TCP\"].name",
        ".spec.ports[port=80,protocol=\"TCP\"].port",
        ".spec.ports[port=53,protocol=\"UDP\"]",
        ".metadata.finalizers[=\"a\"]",
        ".metadata.labels",
    ]
    .map(|text| FieldPath::find(text, &service()).unwrap());
    without(&mut object, &paths);
    assert_eq!(
        object,
        json!({"metadata": {"finalizers": ["b]"]}, "spec": {"ports": [{"port": 80}], "externalIPs": ["1.1.1.1"]}})
    );
    without(&mut object, &paths);
    without(&mut object, &[FieldPath(Vec::new())]);
    assert_eq!(object["spec"]["ports"], json!([{"port": 80}]), "what leads nowhere is left");
}

#[test]
fn places_in_lists_stay_what_they_are() {
    let list = json!({"spec": {"a": [1, 2, 3, 4]}});
    let paths = [0, 2].map(|at| FieldPath::find(&format!(".spec.a[{at}]"), &list).unwrap());
    let mut object = list.clone();
    without(&mut object, &paths);
    assert_eq!(object, json!({"spec": {"a": [2, 4]}}));
    assert_eq!(differences(&list, &object, &kind("example.com", "widgets")).len(), 1);
}

proptest! {
    #[test]
    fn what_differs_is_found_by_its_text(desired in any_object(), live in any_object(), kind in any_kind()) {
        for path in differences(&desired, &live, &kind) {
            let found = FieldPath::find(&path.to_string(), &desired);
            prop_assert_eq!(found.map(|found| found.to_string()), Some(path.to_string()));
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "[.\\[\\]=\",a-c0-9]{0,16}", pointer in "[/~a-c0-9]{0,8}", object in any_object()) {
        if let Some(mut path) = FieldPath::find(&text, &object) {
            prop_assert!(path.get(&object).is_some());
            path.is_within(&pointer, &object);
            let mut rest = object.clone();
            without(&mut rest, std::slice::from_ref(&path));
            path.0.reverse();
            without(&mut rest, &[path]);
        }
    }
}
