//! Rules as definitions write them.

use serde_json::{Value, json};

use super::Rules;
use crate::apiserver::schema::Schema;

fn compiled(schema: &Value) -> (Schema, Rules) {
    let schema = Schema::parse_plain(schema).unwrap();
    let rules = Rules::compile(&schema).unwrap_or_else(|error| panic!("{error}"));
    (schema, rules)
}

fn check(schema: &Value, object: Value, old: Option<Value>, expected: &[&str]) {
    let (schema, rules) = compiled(schema);
    let found = rules.validate(&schema, &object, old.as_ref());
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{object}");
}

fn ruled(mut schema: Value, rules: Value) -> Value {
    schema["x-kubernetes-validations"] = rules;
    schema
}

fn object(properties: Value) -> Value {
    json!({"type": "object", "properties": properties})
}

#[test]
fn a_failed_rule_is_told_with_its_message() {
    let number = json!({"type": "integer"});
    let spec = |rule: Value| {
        object(json!({"spec": ruled(object(json!({"min": number, "max": number})), json!([rule]))}))
    };
    let value = || json!({"spec": {"min": 3, "max": 2}});
    let rule = "self.min <= self.max";
    let plain = "spec: Invalid value: failed rule: self.min <= self.max";
    check(&spec(json!({"rule": rule})), value(), None, &[plain]);
    check(&spec(json!({"rule": rule})), json!({"spec": {"min": 1, "max": 2}}), None, &[]);
    check(&spec(json!({"rule": rule, "message": " no "})), value(), None, &["spec: Invalid value: no"]);
    let expression =
        json!({"rule": rule, "messageExpression": "'min %d above %d'.format([self.min, self.max])"});
    check(&spec(expression), value(), None, &["spec: Invalid value: min 3 above 2"]);
    let reason = json!({"rule": rule, "message": "no", "reason": "FieldValueForbidden", "fieldPath": ".min"});
    check(&spec(reason), value(), None, &["spec.min: Forbidden: no"]);
    let missing = "spec: Invalid value: \"object\": no such key: max evaluating rule: self.min <= self.max";
    check(&spec(json!({"rule": rule})), json!({"spec": {"min": 1}}), None, &[missing]);
}

#[test]
fn rules_stand_at_every_level() {
    let text = ruled(json!({"type": "string"}), json!([{"rule": "self == 'x'"}]));
    let schema = object(json!({
        "field": {"type": "array", "items": object(json!({"x": text}))},
        "map": {"type": "object", "additionalProperties": text},
    }));
    check(
        &schema,
        json!({"field": [{"x": "x"}, {"x": "y"}], "map": {"a": "x", "b": "z"}}),
        None,
        &[
            "field[1].x: Invalid value: \"y\": failed rule: self == 'x'",
            "map[b]: Invalid value: \"z\": failed rule: self == 'x'",
        ],
    );
}

#[test]
fn transition_rules_need_an_old_value() {
    let fixed = |extra: Value| {
        let mut rule = json!({"rule": "self == oldSelf", "message": "fixed"});
        rule.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        object(json!({"a": ruled(json!({"type": "string"}), json!([rule]))}))
    };
    let a = |text: &str| json!({"a": text});
    check(&fixed(json!({})), a("x"), None, &[]);
    check(&fixed(json!({})), a("x"), Some(a("x")), &[]);
    check(&fixed(json!({})), a("y"), Some(a("x")), &["a: Invalid value: \"y\": fixed"]);
    let optional = fixed(json!({"rule": "oldSelf.orValue('x') == self", "optionalOldSelf": true}));
    check(&optional, a("x"), None, &[]);
    check(&optional, a("y"), None, &["a: Invalid value: \"y\": fixed"]);
    check(&optional, a("z"), Some(a("z")), &[]);
    let grows = ruled(json!({"type": "number"}), json!([{"rule": "self >= oldSelf"}]));
    let key = json!({"type": "string"});
    let list = object(json!({"field": {
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k1", "k2"],
        "items": object(json!({"k1": key, "k2": key, "v1": grows})),
    }}));
    let of = |number: f64| json!({"field": [{"k1": "a", "k2": "b", "v1": number}]});
    check(&list, of(1.2), Some(of(1.0)), &[]);
    let failed = "field[0].v1: Invalid value: 0.9: failed rule: self >= oldSelf";
    check(&list, of(0.9), Some(of(1.0)), &[failed]);
}

#[test]
fn what_was_wrong_before_may_stay() {
    let small = ruled(json!({"type": "integer"}), json!([{"rule": "self < 5"}]));
    let schema =
        object(json!({"a": small, "b": {"type": "string"}, "list": {"type": "array", "items": small}}));
    check(&schema, json!({"a": 9, "b": "y"}), Some(json!({"a": 9, "b": "x"})), &[]);
    check(&schema, json!({"list": [9]}), Some(json!({"list": [9]})), &[]);
    let failed = "a: Invalid value: 8: failed rule: self < 5";
    check(&schema, json!({"a": 8}), Some(json!({"a": 9})), &[failed]);
}

#[test]
fn values_are_what_their_schema_says() {
    let schema =
        |property: Value, rule: &str| ruled(object(json!({"a-b": property})), json!([{"rule": rule}]));
    for (property, value, rule) in [
        (json!({"type": "number"}), json!(1), "self.a__dash__b == 1.0"),
        (json!({"type": "integer"}), json!(1.0), "self.a__dash__b == 1"),
        (
            json!({"type": "string", "format": "date-time"}),
            json!("2020-01-02T03:04:05Z"),
            "self.a__dash__b.getFullYear() == 2020",
        ),
        (json!({"type": "string", "format": "duration"}), json!("90m"), "self.a__dash__b > duration('1h')"),
        (json!({"type": "string", "format": "byte"}), json!("YWJj"), "size(self.a__dash__b) == 3"),
        (
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            json!({"x-y": "z"}),
            "self.a__dash__b['x-y'] == 'z'",
        ),
        (
            json!({"x-kubernetes-int-or-string": true}),
            json!(5),
            "type(self.a__dash__b) == int && type('') != int",
        ),
        (json!({"x-kubernetes-int-or-string": true}), json!("50%"), "dyn(self.a__dash__b) == '50%'"),
        (
            json!({"type": "string"}),
            json!("a"),
            "has(self.a__dash__b) && self.?a__dash__b.orValue('') == 'a'",
        ),
        (
            json!({"type": "array", "items": {"type": "string"}}),
            json!(["a", "b"]),
            "self.a__dash__b.all(x, x.matches('^[a-z]$'))",
        ),
        (
            json!({"type": "string"}),
            json!("1Gi"),
            "quantity(self.a__dash__b).isGreaterThan(quantity('500Mi'))",
        ),
    ] {
        check(&schema(property, rule), json!({"a-b": value}), None, &[]);
    }
}

#[test]
fn optional_fields_may_be_missing() {
    let inner = object(json!({"b": {"type": "integer"}}));
    let schema = |rule: &str| {
        ruled(
            object(json!({"a": inner, "m": {"type": "object", "additionalProperties": {"type": "string"}}})),
            json!([{"rule": rule, "message": "no"}]),
        )
    };
    for (rule, good, bad) in [
        ("self.?a.hasValue()", json!({"a": {}}), json!({})),
        ("self.?a.?b.orValue(3) == 3", json!({}), json!({"a": {"b": 4}})),
        ("self.?a.b.orValue(3) == 3", json!({"a": {}}), json!({"a": {"b": 4}})),
        ("!self.a.?b.hasValue()", json!({"a": {}}), json!({"a": {"b": 4}})),
        ("self.?m[?'x'].orValue('') == 'y'", json!({"m": {"x": "y"}}), json!({"m": {"x": "z"}})),
    ] {
        check(&schema(rule), good, None, &[]);
        check(&schema(rule), bad, None, &["<nil>: Invalid value: no"]);
    }
    let rule = json!([{"rule": "oldSelf.?b.orValue(0) <= self.b", "optionalOldSelf": true, "message": "no"}]);
    let grows = ruled(inner, rule);
    check(&grows, json!({"b": 1}), None, &[]);
    check(&grows, json!({"b": 1}), Some(json!({})), &[]);
    check(&grows, json!({"b": 1}), Some(json!({"b": 2})), &["<nil>: Invalid value: no"]);
}

#[test]
fn rules_that_cannot_work_are_refused() {
    let schema = |rule: &str| ruled(object(json!({"a": {"type": "string"}})), json!([{"rule": rule}]));
    for (rule, problem) in [
        ("self.a ==", "Syntax error"),
        ("self.b == 'x'", "undefined field 'b'"),
        ("other == 'x'", "undeclared reference to 'other'"),
        ("self.a.frobnicate()", "undeclared reference to function 'frobnicate'"),
        ("frobnicate(self.a)", "undeclared reference to function 'frobnicate'"),
        ("[self].all(x, x.b == 'x') && [1].exists(i, y > i)", "undeclared reference to 'y'"),
        ("math.frobnicate(1) == 1", "undeclared reference to function 'frobnicate'"),
    ] {
        let parsed = Schema::parse_plain(&schema(rule)).unwrap();
        let error = Rules::compile(&parsed).unwrap_err().to_string();
        assert!(error.contains(problem), "{rule}: {error}");
    }
    for rule in
        ["has(self.metadata.name)", "self.kind == 'x'", "math.greatest(1, 2) == 2", "sets.contains([1], [1])"]
    {
        compiled(&schema(rule));
    }
}

#[test]
fn loops_in_loops_over_long_lists_are_not_begun() {
    let list = json!({"type": "array", "items": {"type": "integer"}});
    let rule = "self.all(x, self.all(y, self.all(z, x + y + z > 0)))";
    let schema = object(json!({"list": ruled(list, json!([{"rule": rule}]))}));
    let numbers = |count: i64| json!({"list": (1..=count).collect::<Vec<_>>()});
    check(&schema, numbers(20), None, &[]);
    let spent = "list: Invalid value: \"array\": validation failed due to running out of cost budget, no further \
                 validation rules will be run";
    check(&schema, numbers(10_000), None, &[spent]);
}
