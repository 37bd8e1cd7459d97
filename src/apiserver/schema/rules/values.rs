//! JSON to values of CEL, by what the schema says they are.

use std::{collections::HashMap, sync::Arc};

use base64::Engine;
use kube_cel::cel::{
    Context, Value as Cel,
    objects::{Key, Map},
    parser::Parser,
};
use serde_json::{Map as Fields, Number, Value};

use super::names::escaped;
use crate::apiserver::schema::{Schema, Type};

/// The value as rules see it.
pub(super) fn convert(context: &Context<'_>, value: &Value, schema: Option<&Schema>) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(value) => Cel::Bool(*value),
        Value::Number(number) => convert_number(number, schema),
        Value::String(text) => convert_text(context, text, schema),
        Value::Array(items) => {
            let of_items = schema.and_then(|schema| schema.items.as_deref());
            Cel::List(Arc::new(items.iter().map(|item| convert(context, item, of_items)).collect()))
        }
        Value::Object(fields) => convert_fields(context, fields, schema),
    }
}

/// Keys of maps are data, those of objects are names; a field that no schema names does not exist.
fn convert_fields(context: &Context<'_>, fields: &Fields<String, Value>, schema: Option<&Schema>) -> Cel {
    let mut map = HashMap::with_capacity(fields.len());
    for (name, value) in fields {
        let child = schema.and_then(|schema| schema.child(name));
        let is_named = schema.is_some_and(|schema| schema.additional_properties.is_none());
        let key = if is_named { escaped(name) } else { Some(name.into()) };
        let Some(key) = key else { continue };
        map.insert(Key::String(Arc::new(key.into_owned())), convert(context, value, child));
    }
    Cel::Map(Map { map: Arc::new(map) })
}

fn convert_number(number: &Number, schema: Option<&Schema>) -> Cel {
    let kind = schema.map_or(Type::Any, |schema| schema.kind);
    let float = number.as_f64().unwrap_or(f64::NAN);
    match (kind, number.as_i64()) {
        (Type::Number, _) => Cel::Float(float),
        (_, Some(whole)) => Cel::Int(whole),
        (Type::Integer, None) if float.fract() == 0.0 => Cel::Int(float as i64),
        (_, None) => Cel::Float(float),
    }
}

/// Times, durations and bytes are no strings to CEL.
fn convert_text(context: &Context<'_>, text: &str, schema: Option<&Schema>) -> Cel {
    let format = schema.and_then(|schema| schema.validations.as_ref()).map_or("", |all| &all.format);
    let plain = || Cel::String(Arc::new(text.to_owned()));
    match format {
        "date-time" | "datetime" => call(context, "timestamp", text).unwrap_or_else(plain),
        "date" => call(context, "timestamp", &format!("{text}T00:00:00Z")).unwrap_or_else(plain),
        "duration" => call(context, "duration", text).unwrap_or_else(plain),
        "byte" => match base64::engine::general_purpose::STANDARD.decode(text) {
            Ok(bytes) => Cel::Bytes(Arc::new(bytes)),
            Err(_) => plain(),
        },
        _ => plain(),
    }
}

/// A function of CEL itself, so that it alone decides how such a text is read.
fn call(context: &Context<'_>, function: &str, text: &str) -> Option<Cel> {
    let call = Parser::default().parse(&format!("{function}(text)")).ok()?;
    let mut inner = context.new_inner_scope();
    inner.add_variable_from_value("text", text.to_owned());
    inner.resolve(&call).ok()
}
