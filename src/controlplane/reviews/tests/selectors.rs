//! Ported from `pkg/apis/authorization/validation/validation_test.go`.

use super::*;

fn of(selector: &str, value: Value) -> Value {
    json!({"spec": {"user": "me", "resourceAttributes": {selector: value}}})
}

fn requirement(selector: &str, requirement: Value) -> Value {
    of(selector, json!({"requirements": [requirement]}))
}

const SETS: &str = "values: Required value: must be specified when `operator` is 'In' or 'NotIn'";
const NO_SETS: &str = "values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'";

#[test]
fn what_is_wrong_with_a_selector() {
    for selector in ["fieldSelector", "labelSelector"] {
        let path = format!("spec.resourceAttributes.{selector}");
        let both =
            of(selector, json!({"rawSelector": "foo", "requirements": [{"key": "a", "operator": "x"}]}));
        let mut cases = vec![
            (
                both,
                format!(
                    "{path}.rawSelector: Invalid value: \"foo\": may not specified at the same time as requirements"
                ),
            ),
            (
                of(selector, json!({})),
                format!(
                    "{path}.requirements: Required value: when {path} is specified, requirements or rawSelector is required"
                ),
            ),
        ];
        for (operator, values, fault) in [
            ("In", json!([]), SETS),
            ("NotIn", json!(null), SETS),
            ("Exists", json!(["val"]), NO_SETS),
            ("DoesNotExist", json!(["val"]), NO_SETS),
        ] {
            let wrong = json!({"key": "k", "operator": operator, "values": values});
            cases.push((requirement(selector, wrong), format!("{path}.requirements[0].{fault}")));
        }
        for (body, fault) in cases {
            let expected = (422, format!(".authorization.k8s.io \"\" is invalid: {fault}"));
            assert_eq!(refusal(ask(Review::SubjectAccess, body.clone())), expected, "{body}");
        }
    }
    for (selector, wrong, start) in [
        ("fieldSelector", json!({"key": ""}), "requirements[0].key: Required value: must be specified"),
        (
            "labelSelector",
            json!({"key": "()foo"}),
            "requirements[0].key: Invalid value: \"()foo\": name part must consist of",
        ),
        (
            "labelSelector",
            json!({"key": "a", "operator": "In", "values": ["b", "()"]}),
            "requirements[0].values[1]: Invalid value: \"()\": a valid label must be an empty string or",
        ),
    ] {
        let (_, message) = refusal(ask(Review::SubjectAccess, requirement(selector, wrong)));
        let start =
            format!(".authorization.k8s.io \"\" is invalid: spec.resourceAttributes.{selector}.{start}");
        assert!(message.starts_with(&start), "{message}");
    }
    let (_, message) = refusal(ask(Review::SubjectAccess, requirement("labelSelector", json!({"key": ""}))));
    assert!(
        message.contains(
            "name part must be non-empty, spec.resourceAttributes.labelSelector.requirements[0].key"
        ),
        "{message}"
    );
}

#[test]
fn what_is_not_understood_is_told() {
    let ignored = |selector: &str, partially: &str| {
        format!("spec.resourceAttributes.{selector} {partially}ignored due to parse error")
    };
    let fake = json!({"key": "k", "operator": "fake", "values": ["val"]});
    for (body, expected) in [
        (of("fieldSelector", json!({"rawSelector": "a=b"})), None),
        (of("labelSelector", json!({"rawSelector": "a in (b,c),!d"})), None),
        (of("fieldSelector", json!({"rawSelector": "***,=a,b"})), Some(ignored("fieldSelector", ""))),
        (of("labelSelector", json!({"rawSelector": "***foo"})), Some(ignored("labelSelector", ""))),
        (requirement("fieldSelector", json!({"key": "k", "operator": "In", "values": ["a"]})), None),
        (requirement("fieldSelector", fake.clone()), Some(ignored("fieldSelector", ""))),
        (requirement("labelSelector", fake.clone()), Some(ignored("labelSelector", ""))),
        (
            requirement("fieldSelector", json!({"key": "k", "operator": "In", "values": ["a", "b"]})),
            Some(ignored("fieldSelector", "")),
        ),
        (
            of("labelSelector", json!({"requirements": [fake, {"key": "a", "operator": "Exists"}]})),
            Some(ignored("labelSelector", "partially ")),
        ),
    ] {
        let answer = ask(Review::SubjectAccess, body.clone()).unwrap();
        let told = answer["status"].get("evaluationError").and_then(Value::as_str);
        assert_eq!(told, expected.as_deref(), "{body}");
    }
}
