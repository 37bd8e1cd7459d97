//! Expressions answer over any value, and what costs too much is refused before it is evaluated.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn answer(text: &str, this: &Value) -> Result<Value, ProgramError> {
    Program::compile(text).unwrap_or_else(|error| panic!("{text}: {error}")).evaluate(this)
}

#[test]
fn expressions_yield_json() {
    let this = json!({"spec": {"replicas": 3, "image": "a/b:1", "list": [1, 2, 3], "map": {"a.b/c": "x"}, "half": 0.5}});
    for (text, expected) in [
        ("self.spec.replicas * 2", json!(6)),
        ("self.spec.replicas > 2", json!(true)),
        ("'reg/' + self.spec.image", json!("reg/a/b:1")),
        ("self.spec.image.replace('a/', 'c/')", json!("c/b:1")),
        ("self.spec.list.map(x, x + 1)", json!([2, 3, 4])),
        ("self.spec.list.exists(x, x == 2)", json!(true)),
        ("has(self.spec.other) ? 1 : null", json!(null)),
        ("self.?spec.?other.orValue('none')", json!("none")),
        ("self.spec.map['a.b/c']", json!("x")),
        ("{'a': [self.spec.half]}", json!({"a": [0.5]})),
    ] {
        assert_eq!(answer(text, &this), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_none_is_refused_when_it_is_compiled() {
    for (text, problem) in [
        ("self.", "compilation failed"),
        ("other.spec", "undeclared reference to 'other'"),
        ("oldSelf.spec", "undeclared reference to 'oldSelf'"),
        ("nonsense(self)", "undeclared reference to function 'nonsense'"),
        ("self.a.replace('a', self.b)", "needs a text in quotes"),
        (&"(".repeat(5000), "nested deeper"),
        (&"[".repeat(5000), "nested deeper"),
        (&"!".repeat(5000), "nested deeper"),
        (&"-".repeat(5000), "nested deeper"),
        (&"a".repeat(17_000), "longer than"),
    ] {
        let error = Program::compile(text).unwrap_err();
        assert!(error.contains(problem), "{text}: {error}");
    }
}

#[test]
fn what_fails_tells_nothing_of_the_value() {
    let secret = json!({"data": {"a": "hunter2"}});
    for (text, error) in [
        ("self.data.b", ProgramError::Failed),
        ("int(self.data.a)", ProgramError::Failed),
        ("self.data.a + 1", ProgramError::Failed),
        ("{1: 2}", ProgramError::NoJson),
        ("bytes('a')", ProgramError::NoJson),
        ("0.0 / 0.0", ProgramError::NoJson),
    ] {
        let found = answer(text, &secret).unwrap_err();
        assert_eq!(found, error, "{text}");
        assert!(!found.to_string().contains("hunter2"));
    }
}

#[test]
fn what_costs_too_much_is_not_evaluated() {
    let this = json!({"list": vec!["a"; 1000], "text": "a".repeat(1 << 20), "one": ["a"]});
    for text in [
        "self.list.all(a, self.list.all(b, self.list.all(c, true)))",
        "self.list.map(a, self.text + a)",
        "self.text.replace('a', 'aaaaaaaaaaaaaaaa').replace('a', 'aaaaaaaaaaaaaaaa').replace('a', 'aaaaaaaaaaaaaaaa')",
        "self.list.map(a, self.list.map(b, self.text).join('')).join('')",
        "self.list.map(a, self.list)",
    ] {
        assert_eq!(answer(text, &this), Err(ProgramError::TooCostly), "{text}");
    }
    let whole = ["self"; 20].join(", ");
    assert_eq!(answer(&format!("[{whole}]"), &this), Err(ProgramError::NoJson), "more than a server takes");
    assert_eq!(answer("self.one.exists(a, a.startsWith('a'))", &this), Ok(json!(true)));
    assert_eq!(answer("size(self.text + 'b')", &this), Ok(json!((1 << 20) + 1)));
}

proptest! {
    #[test]
    fn no_expression_is_too_strange(text in "(self|[.]spec|[.]a|[+*/%?:!<=>-]|[(]|[)]|[0-9]|'x'|[.]map[(]x,|[.]join[(]| in |&&|\\[|\\]|[{]|[}]|,){0,20}") {
        if let Ok(program) = Program::compile(&text) {
            for this in [json!(null), json!({"spec": ["a"], "a": 1}), json!("x"), json!([i64::MIN, 0])] {
                let _ = program.evaluate(&this);
            }
        }
    }
}
