//! The algebra of sets of fields.

use proptest::prelude::*;
use serde_json::json;

use super::Set;
use crate::apiserver::managed_fields::{
    node::Node,
    path::{Path, Scalar, Step},
    testing::{schema, shown},
};

/// Paths written as `a.b.c`.
fn set(paths: &[&str]) -> Set {
    let mut set = Set::default();
    for path in paths {
        let path: Path = path.split('.').map(Step::field).collect();
        set.insert(&path);
    }
    set
}

#[test]
fn parents_and_children_are_apart() {
    let fields = set(&["a", "a.b.c", "d.e"]);
    for (path, contained) in [("a", true), ("a.b", false), ("a.b.c", true), ("d", false), ("d.e", true)] {
        let path: Path = path.split('.').map(Step::field).collect();
        assert_eq!(fields.contains(&path), contained, "{path:?}");
    }
    assert!(!fields.contains(&[]), "nobody owns the whole object");
    assert_eq!(shown(&fields), [".a", ".a.b.c", ".d.e"]);
}

#[test]
fn differences_with_parents() {
    for (left, right, plain, recursive) in [
        (&["a"][..], &["a.b"][..], &["a"][..], &["a"][..]),
        (&["a.b"], &["a"], &["a.b"], &[]),
        (&["a", "a.b", "c.d"], &["a"], &["a.b", "c.d"], &["c.d"]),
        (&["a.b.c", "a.b", "a"], &["a.b"], &["a", "a.b.c"], &["a"]),
        (&["a.b"], &["a.b"], &[], &[]),
    ] {
        assert_eq!(set(left).difference(&set(right)), set(plain), "{left:?} - {right:?}");
        assert_eq!(set(left).recursive_difference(&set(right)), set(recursive), "{left:?} -- {right:?}");
    }
}

#[test]
fn named_fields_become_members_and_maps_do_not() {
    let schema = schema(&json!({"type": "object", "properties": {
        "named": {"type": "object", "properties": {
            "value": {"type": "string"},
            "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {
                "inner": {"type": "object", "properties": {"leaf": {"type": "string"}}}}}},
        }},
    }}));
    let fields = set(&["named.value", "named.map.key.inner.leaf"]);
    let named = fields.with_named_fields(Some(Node::of(&schema)));
    let expected =
        set(&["named", "named.value", "named.map", "named.map.key.inner", "named.map.key.inner.leaf"]);
    assert_eq!(named, expected);
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        "[a-c]".prop_map(|name| Step::field(&name)),
        (0..2u8).prop_map(|value| Step::Value(Scalar(value.into()))),
        ("[a-b]", 0..2u8).prop_map(|(name, value)| Step::Key(vec![(name, Scalar(value.into()))])),
        (0..2i64).prop_map(Step::Index),
    ]
}

/// Any set.
pub fn sets() -> impl Strategy<Value = Set> {
    prop::collection::vec(prop::collection::vec(step(), 1..4), 0..8).prop_map(|paths| {
        let mut set = Set::default();
        paths.iter().for_each(|path| set.insert(path));
        set
    })
}

proptest! {
    #[test]
    fn members_follow_the_laws_of_sets(left in sets(), right in sets()) {
        let union = left.union(&right);
        let both = left.intersection(&right);
        let rest = left.difference(&right);
        for path in union.paths() {
            let (in_left, in_right) = (left.contains(&path), right.contains(&path));
            prop_assert!(in_left || in_right);
            prop_assert_eq!(both.contains(&path), in_left && in_right);
            prop_assert_eq!(rest.contains(&path), in_left && !in_right);
        }
        prop_assert_eq!(union.paths().len(), left.paths().len() + right.paths().len() - both.paths().len());
        prop_assert_eq!(&union, &right.union(&left));
        prop_assert_eq!(rest.union(&both), left.clone());
        prop_assert_eq!(left.difference(&left).is_empty(), true);
        prop_assert_eq!(left.recursive_difference(&right).difference(&rest), Set::default());
    }
}
