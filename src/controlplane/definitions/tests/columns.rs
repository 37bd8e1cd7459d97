//! Tables of custom resources.

use serde_json::{Value, json};

use super::established;
use crate::{
    apiserver::{object::Cell, strategy::Strategy},
    controlplane::definitions::strategies,
};

fn cell(kind: &str, value: Value) -> String {
    let mut definition = established();
    definition["spec"]["versions"][0]["additionalPrinterColumns"] =
        json!([{"name": "X", "type": kind, "jsonPath": ".spec.x"}]);
    let strategy = &strategies(&definition).unwrap()[0];
    match &strategy.cells(&json!({"metadata": {"name": "a"}, "spec": {"x": value}}))[1] {
        Cell::Json(text) => text.to_string(),
        Cell::Age(time) => format!("age {time:?}"),
    }
}

#[test]
fn cells_are_of_their_columns_type() {
    for (kind, value, expected) in [
        ("string", json!("a"), "\"a\""),
        ("string", json!(3), "\"3\""),
        ("string", json!(true), "\"true\""),
        ("string", json!([1, "a"]), "\"[1,\\\"a\\\"]\""),
        ("integer", json!(3), "3"),
        ("integer", json!(3.7), "3"),
        ("integer", json!("3"), "null"),
        ("number", json!(3), "3"),
        ("number", json!(3.5), "3.5"),
        ("boolean", json!(true), "true"),
        ("boolean", json!("true"), "null"),
        ("date", json!("yesterday"), "\"<invalid>\""),
        ("date", json!(""), "age None"),
        ("date", json!(null), "null"),
        ("date", json!("2020-01-01T00:00:00Z"), "age Some(2020-01-01T00:00:00Z)"),
    ] {
        assert_eq!(cell(kind, value.clone()), expected, "{kind} {value}");
    }
}

#[test]
fn columns_are_those_of_the_definition() {
    let mut definition = established();
    let strategy = &strategies(&definition).unwrap()[0];
    let headers = |columns: &[crate::apiserver::resource::Column]| -> Vec<String> {
        columns.iter().map(|column| format!("{} {} {}", column.name, column.kind, column.priority)).collect()
    };
    let columns = &strategy.info().columns;
    assert_eq!(headers(columns), ["Name string 0", "Image string 0", "Replicas integer 1", "Until date 0"]);
    let described = "Custom resource definition column (in JSONPath format): .spec.image";
    assert_eq!((&*columns[1].description, &*columns[2].description), (described, "how many"));
    let cells = strategy.cells(&json!({"metadata": {"name": "a"}, "spec": {"image": "i"}}));
    assert_eq!(cells, ["\"a\"", "\"i\"", "null", "null"].map(|text| Cell::Json(text.into())));
    definition["spec"]["versions"][0]["additionalPrinterColumns"] = json!(null);
    let strategy = &strategies(&definition).unwrap()[0];
    assert_eq!(headers(&strategy.info().columns), ["Name string 0", "Age date 0"]);
}
