//! Steps as FieldsV1 and as errors have them.

use serde_json::{Value, json};

use super::{Scalar, Step, StepError, display};

fn key(fields: Value) -> Step {
    let Value::Object(fields) = fields else { panic!("a key is a map") };
    Step::Key(fields.into_iter().map(|(name, value)| (name, Scalar(value))).collect())
}

fn value(value: Value) -> Step {
    Step::Value(Scalar(value))
}

#[test]
fn steps_are_written_and_read_back() {
    for (step, fields_v1, shown) in [
        (Step::field("a b"), "f:a b", ".a b"),
        (Step::field("x/y:z"), "f:x/y:z", ".x/y:z"),
        (Step::field(""), "f:", "."),
        (Step::Index(0), "i:0", "[0]"),
        (Step::Index(-11), "i:-11", "[-11]"),
        (key(json!({"name": "a"})), r#"k:{"name":"a"}"#, r#"[name="a"]"#),
        (
            key(json!({"containerPort": 80, "protocol": "TCP"})),
            r#"k:{"containerPort":80,"protocol":"TCP"}"#,
            r#"[containerPort=80,protocol="TCP"]"#,
        ),
        (value(json!(1)), "v:1", "[=1]"),
        (value(json!(1.5)), "v:1.5", "[=1.5]"),
        (value(json!(true)), "v:true", "[=true]"),
        (value(json!("ab\"c")), r#"v:"ab\"c""#, r#"[="ab\"c"]"#),
        (value(json!("a<b>&")), r#"v:"a\u003cb\u003e\u0026""#, r#"[="a<b>&"]"#),
        (value(json!(null)), "v:null", "[=null]"),
    ] {
        assert_eq!(step.to_fields_v1(), fields_v1);
        assert_eq!(Step::from_fields_v1(fields_v1), Ok(Some(step.clone())));
        assert_eq!(step.to_string(), shown);
    }
    assert_eq!(display(&[Step::field("a"), value(json!("b")), Step::Index(1)]), r#".a[="b"][1]"#);
    assert_eq!(value(json!(80.0)).to_fields_v1(), "v:80");
}

#[test]
fn what_cannot_be_read_is_refused_and_what_is_not_known_ignored() {
    for text in ["", "f", "ab", "v:{", "v:", "k:[]", "k:1", "i:", "i:a"] {
        assert!(Step::from_fields_v1(text).is_err(), "{text}");
    }
    assert_eq!(Step::from_fields_v1("noncolon"), Err(StepError::NoColon("noncolon".to_owned())));
    assert_eq!(Step::from_fields_v1("q:1"), Ok(None));
}

#[test]
fn steps_are_sorted_by_kind_then_content() {
    let sorted = [
        Step::field("a"),
        Step::field("b"),
        key(json!({"a": 1})),
        key(json!({"a": 1, "b": 1})),
        key(json!({"a": 9})),
        key(json!({"a": 80})),
        key(json!({"a": "x"})),
        key(json!({"b": 1})),
        value(json!(1)),
        value(json!("a")),
        Step::Index(2),
        Step::Index(10),
    ];
    let mut shuffled: Vec<_> = sorted.iter().rev().cloned().collect();
    shuffled.sort();
    assert_eq!(shuffled, sorted);
}
