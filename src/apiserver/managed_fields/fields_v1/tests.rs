//! Sets of fields as FieldsV1 and back.

use proptest::prelude::*;
use serde_json::json;

use super::{FieldsError, Set};
use crate::apiserver::managed_fields::{set::tests::sets, testing::shown};

#[test]
fn a_member_with_children_has_a_dot() {
    for (fields, members) in [
        (json!({}), &[][..]),
        (json!({"f:a": {}}), &[".a"]),
        (json!({"f:a": {"f:b": {}}}), &[".a.b"]),
        (json!({"f:a": {".": {}, "f:b": {}}}), &[".a", ".a.b"]),
        (
            json!({"f:l": {"k:{\"name\":\"n\"}": {".": {}, "f:image": {}}, "v:1": {}, "i:3": {}}}),
            &[".l[3]", ".l[=1]", ".l[name=\"n\"]", ".l[name=\"n\"].image"],
        ),
    ] {
        let set = Set::from_fields_v1(&fields).expect("these are sets");
        let mut found = shown(&set);
        found.sort();
        assert_eq!(found, members);
        assert_eq!(set.to_fields_v1(), fields);
    }
}

#[test]
fn what_is_not_known_is_left_out_and_what_is_wrong_refused() {
    for (fields, members) in [
        (json!({"f:a": {".": {}}}), &[".a"][..]),
        (json!({"f:a": null}), &[".a"]),
        (json!({"f:a": {"x:new": {}}}), &[".a"]),
        (json!({".": {}}), &[]),
        (json!(null), &[]),
    ] {
        assert_eq!(shown(&Set::from_fields_v1(&fields).expect("these are sets")), members, "{fields}");
    }
    assert_eq!(Set::from_fields_v1(&json!({"f:a": 1})), Err(FieldsError::NotAMap));
    for fields in [json!({"a": {}}), json!({"f:a": {"k:[": {}}}), json!({"v:": {}})] {
        assert!(matches!(Set::from_fields_v1(&fields), Err(FieldsError::Step(_))), "{fields}");
    }
}

proptest! {
    #[test]
    fn every_set_comes_back(set in sets()) {
        prop_assert_eq!(Set::from_fields_v1(&set.to_fields_v1()), Ok(set));
    }
}
