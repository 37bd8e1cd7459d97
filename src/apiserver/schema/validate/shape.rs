//! Types, enums, strings, items and fields.

use serde_json::{Map, Value};

use super::outcome::Check;
use crate::apiserver::{
    field::FieldError,
    schema::{Schema, Type, formats},
};

impl Schema {
    /// What the value may be; nothing where anything will do.
    pub(super) fn type_names(&self) -> &'static [&'static str] {
        match self.kind {
            _ if self.int_or_string => &["integer", "string"],
            Type::Any => &[],
            Type::Object => &["object"],
            Type::Array => &["array"],
            Type::String => &["string"],
            Type::Integer => &["integer"],
            Type::Number => &["number"],
            Type::Boolean => &["boolean"],
        }
    }

    /// The type as the schema names it, empty where it does not.
    pub(in crate::apiserver::schema) fn type_text(&self) -> &'static str {
        if self.kind == Type::Any || self.int_or_string {
            ""
        } else {
            self.type_names().first().copied().unwrap_or("")
        }
    }

    pub(super) fn check_type(&self, value: &Value, check: &mut Check<'_>) {
        let names = self.type_names();
        let (actual, actual_format) = type_of(value);
        let format = self.format();
        let has = |name: &str| names.contains(&name);
        if value.is_null() {
            if !names.is_empty() && !self.nullable {
                return check.wrong_type(&names.join(","), "null");
            }
            check.outcome.checks += 1;
            return;
        }
        let is_whole_float = actual == "number" && is_whole(value) && has("integer");
        let will_do = has(actual) || is_whole_float || (actual == "integer" && has("number"));
        let is_text_or_list = matches!(value, Value::String(_) | Value::Array(_));
        if !is_text_or_list && !format.is_empty() && !will_do && actual_format != format {
            return check.wrong_type(format, actual_format);
        }
        let is_numeric = has("number") || has("integer");
        let is_left_to_format = !is_numeric && !format.is_empty() && is_text_or_list;
        if !is_left_to_format && !will_do {
            return check.wrong_type(&names.join(","), actual);
        }
        check.outcome.checks += 1;
    }

    pub(super) fn check_enum(&self, value: &Value, check: &mut Check<'_>) {
        let Some(validations) = &self.validations else { return };
        let values = &validations.any_value_of;
        if values.is_empty() || values.iter().any(|known| is_same(known, value)) {
            return;
        }
        let supported = values
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        check.unsupported(value, supported);
    }

    pub(super) fn check_string(&self, text: &str, check: &mut Check<'_>) {
        check.outcome.checks += 1;
        let Some(validations) = &self.validations else { return };
        let length = text.chars().count() as u64;
        if let Some(most) = validations.max_length.filter(|most| length > *most) {
            check.error(FieldError::too_long(check.path_text(), most as usize));
        } else if let Some(least) = validations.min_length.filter(|least| length < *least) {
            check.invalid(text, &format!("should be at least {least} chars long"));
        } else if let Some(pattern) = validations.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
            check.invalid(text, &format!("should match '{}'", pattern.text));
        }
        if formats::is_string_format(&validations.format) {
            check.outcome.checks += 1;
            if !formats::is_met(&validations.format, text) {
                check.wrong_type(&validations.format, text);
            }
        }
    }

    pub(super) fn check_items(&self, items: &[Value], old: Option<&Value>, check: &mut Check<'_>) {
        if let Some(of_items) = &self.items {
            for (index, item) in items.iter().enumerate() {
                let path = check.path.index(index);
                let outcome = of_items.ratcheted(item, self.old_item(old, item), &path);
                check.outcome.merge(outcome);
            }
        }
        check.outcome.checks += 2;
        let Some(validations) = &self.validations else { return };
        let count = items.len();
        if let Some(least) = validations.min_items.filter(|least| (count as u64) < *least) {
            check.invalid(count, &format!("should have at least {least} items"));
        }
        if let Some(most) = validations.max_items.filter(|most| count as u64 > *most) {
            check.error(FieldError::too_many(check.path_text(), count, most as usize));
        }
        let is_repeated = |(index, item): (usize, &Value)| items[..index].contains(item);
        if validations.unique_items && items.iter().enumerate().any(is_repeated) {
            check.invalid("", "shouldn't contain duplicates");
        }
    }

    pub(super) fn check_fields(
        &self,
        fields: &Map<String, Value>,
        old: Option<&Value>,
        check: &mut Check<'_>,
    ) {
        if let Some(validations) = &self.validations {
            let count = fields.len();
            if let Some(least) = validations.min_properties.filter(|least| (count as u64) < *least) {
                check.invalid(count, &format!("should have at least {least} properties"));
            }
            if let Some(most) = validations.max_properties.filter(|most| count as u64 > *most) {
                check.error(FieldError::too_many(check.path_text(), count, most as usize));
            }
        }
        for (name, value) in fields {
            let Some(child) = self.child(name) else { continue };
            // The old object was stored in another version, so these two are not compared.
            let is_type = check.path.is_root() && matches!(name.as_str(), "apiVersion" | "kind");
            let old = if is_type { None } else { self.old_field(old, name) };
            let outcome = child.ratcheted(value, old, &check.path.field(name));
            check.outcome.merge(outcome);
        }
        let required = self.validations.as_ref().map_or(&[][..], |validations| &validations.required);
        for name in required.iter().filter(|name| !fields.contains_key(*name)) {
            check.error(FieldError::required(check.path.field(name).to_string(), ""));
        }
    }
}

/// The type as OpenAPI names it, and the format Go would give it.
fn type_of(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::Null => ("null", ""),
        Value::Bool(_) => ("boolean", ""),
        Value::Number(number) if number.is_i64() => ("integer", "int64"),
        Value::Number(_) => ("number", "float64"),
        Value::String(_) => ("string", ""),
        Value::Array(_) => ("array", ""),
        Value::Object(_) => ("object", ""),
    }
}

/// A float that JSON might as well have written as an integer.
fn is_whole(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0)
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}
