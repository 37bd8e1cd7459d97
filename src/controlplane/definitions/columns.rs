//! Printer columns: what a table says of an object.
//!
//! The rules are those of `apiextensions-apiserver/pkg/registry/customresource/tableconvertor`.

use serde_json::Value;

use super::{
    json_path::JsonPath,
    words::{items, text},
};
use crate::apiserver::{object::Cell, resource::Column};

pub(super) const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, although some \
                    resources may allow a client to request the generation of an appropriate name automatically. \
                    Name is primarily intended for creation idempotence and configuration definition. Cannot be \
                    updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";

pub(super) const AGE: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is \
                   not guaranteed to be set in happens-before order across separate operations. Clients may not set \
                   this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. \
                   Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/\
                   sig-architecture/api-conventions.md#metadata";

/// The columns of one version and where their values are.
pub(super) struct Columns {
    pub(super) headers: Vec<Column>,
    paths: Vec<JsonPath>,
}

impl Columns {
    pub(super) fn new(version: &Value) -> Self {
        let name = column("Name", "string", "name", NAME, 0);
        let mut columns = Self { headers: vec![name], paths: Vec::new() };
        if items(version, "additionalPrinterColumns").next().is_none() {
            columns.headers.push(column("Age", "date", "", AGE, 0));
            columns.paths.extend(JsonPath::parse(".metadata.creationTimestamp"));
            return columns;
        }
        for defined in items(version, "additionalPrinterColumns") {
            let path = text(defined, "jsonPath");
            // Upstream shows the columns before one that it cannot read.
            let Some(parsed) = JsonPath::parse(path) else { break };
            let description = match text(defined, "description") {
                "" => format!("Custom resource definition column (in JSONPath format): {path}"),
                description => description.to_owned(),
            };
            let priority = defined["priority"].as_i64().and_then(|priority| i32::try_from(priority).ok());
            let [name, kind, format] = ["name", "type", "format"].map(|field| text(defined, field));
            columns.headers.push(column(name, kind, format, &description, priority.unwrap_or(0)));
            columns.paths.push(parsed);
        }
        columns
    }

    pub(super) fn cells(&self, object: &Value) -> Vec<Cell> {
        let name = json_cell(&object["metadata"]["name"]);
        let others = self.headers[1..].iter().zip(&self.paths).map(|(header, path)| {
            path.first(object).map_or_else(|| json_cell(&Value::Null), |value| cell(&header.kind, value))
        });
        std::iter::once(name).chain(others).collect()
    }
}

fn column(name: &str, kind: &str, format: &str, description: &str, priority: i32) -> Column {
    let own = |text: &str| text.to_owned().into();
    Column { name: own(name), kind: own(kind), format: own(format), description: own(description), priority }
}

fn json_cell(value: &Value) -> Cell {
    Cell::Json(value.to_string().into())
}

fn cell(kind: &str, value: &Value) -> Cell {
    match (kind, value) {
        ("string", Value::String(_)) | ("boolean", Value::Bool(_)) => json_cell(value),
        ("string", Value::Null) => json_cell(&"<no value>".into()),
        ("string", Value::Number(number)) if number.is_f64() => {
            // As Go prints it: a whole one without a fraction.
            json_cell(&number.as_f64().map_or_else(String::new, |number| number.to_string()).into())
        }
        ("string", other) => json_cell(&other.to_string().into()),
        ("integer", Value::Number(number)) => {
            let whole = number.as_i64().or_else(|| number.as_f64().map(|number| number as i64));
            json_cell(&whole.into())
        }
        ("number", Value::Number(number)) => {
            let float = number.as_f64().unwrap_or_default();
            let is_whole = float.fract() == 0.0 && float.abs() < 1e15;
            json_cell(&if is_whole { Value::from(float as i64) } else { Value::from(float) })
        }
        ("date", Value::String(text)) if text.is_empty() => Cell::Age(None),
        ("date", Value::String(text)) => match text.parse::<jiff::Timestamp>() {
            Ok(time) => Cell::Age(Some(time)),
            Err(_) => json_cell(&"<invalid>".into()),
        },
        _ => json_cell(&Value::Null),
    }
}
