//! What means the same, and what only looks like it.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn equal_amounts_are_equal_in_any_form() {
    for (form, desired, live, same) in [
        (Form::Plain, json!(1), json!(1.0), true),
        (Form::Plain, json!("1"), json!(1), false),
        (Form::Plain, json!("1000m"), json!("1"), false),
        (Form::Plain, json!(null), json!(false), false),
        (Form::Quantity, json!("1000m"), json!("1"), true),
        (Form::Quantity, json!(1), json!("1"), true),
        (Form::Quantity, json!(0.5), json!("500m"), true),
        (Form::Quantity, json!("1024Mi"), json!("1Gi"), true),
        (Form::Quantity, json!("1Gi"), json!("1G"), false),
        (Form::Quantity, json!("100u"), json!("1m"), true),
        (Form::Quantity, json!("much"), json!("more"), false),
        (Form::Quantity, json!(["1"]), json!("1"), false),
        (Form::IntOrString, json!("80"), json!(80), true),
        (Form::IntOrString, json!("25%"), json!("25%"), true),
        (Form::IntOrString, json!("http"), json!("https"), false),
        (Form::Base64, json!("YWJj"), json!("YWJj\n"), true),
        (Form::Base64, json!("YW\r\nJj"), json!("YWJj"), true),
        (Form::Base64, json!("YWJj"), json!("YWJk"), false),
        (Form::Base64, json!("%"), json!("YWJk"), false),
        (Form::Duration, json!("90m"), json!("1h30m0s"), true),
        (Form::Duration, json!("1.5h"), json!("90m"), true),
        (Form::Duration, json!("0"), json!("0s"), true),
        (Form::Duration, json!("-1s"), json!("-1000ms"), true),
        (Form::Duration, json!("1m"), json!("1ms"), false),
        (Form::Duration, json!("1"), json!("1s"), false),
        (Form::Duration, json!(""), json!("0s"), false),
        (Form::Duration, json!("1..5s"), json!("1s"), false),
        (Form::Duration, json!("s"), json!("0s"), false),
    ] {
        assert_eq!(means_the_same(&desired, &live, form), same, "{form:?} {desired} {live}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange(desired in text(), live in text()) {
        for form in [Form::Plain, Form::Quantity, Form::IntOrString, Form::Base64, Form::Duration] {
            let (desired, live) = (json!(desired), json!(live));
            prop_assert!(means_the_same(&desired, &desired, form));
            prop_assert_eq!(means_the_same(&desired, &live, Form::Plain), desired == live);
            means_the_same(&desired, &live, form);
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,12}",
        "[+-]?[0-9]{0,40}[.]?[0-9]{0,40}(n|u|m|k|Ki|Ei|E|e-?[0-9]{1,12})?",
        "([0-9]{0,40}[.]?[0-9]{0,20}(h|m|s|ms|us|ns)){0,4}",
        "[A-Za-z0-9+/]{0,9}={0,2}",
    ]
}
