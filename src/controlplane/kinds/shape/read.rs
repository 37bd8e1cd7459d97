//! Reads JSON as `encoding/json` reads it into Go structs, and remembers the first value of a wrong type.

use base64::{DecodeError, Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{
    super::{
        quantity::{Quantity, WRONG_FORMAT},
        times,
    },
    Shape, fields, fill, zero,
};

#[derive(Default)]
pub struct Reader {
    /// The innermost struct and the names of the fields down to here, for errors.
    structure: String,
    path: Vec<String>,
    error: Option<String>,
    /// What a type that reads itself says of its value; Go reads no further.
    refused: Option<String>,
}

impl Reader {
    pub fn result(self) -> Result<(), String> {
        self.refused.or(self.error).map_or(Ok(()), Err)
    }

    /// Members that the struct does not have are left to whoever judges unknown fields.
    pub fn members(&mut self, structure: &str, members: &mut Map<String, Value>) {
        let name = structure.rsplit('.').next().unwrap_or(structure);
        let outer = std::mem::replace(&mut self.structure, name.to_owned());
        for (name, value) in members.iter_mut() {
            if let Some(field) = fields(structure).iter().find(|field| field.name == *name) {
                self.path.push(format!("{}{name}", field.within));
                self.value(&field.shape, value);
                self.path.pop();
            }
        }
        fill(structure, members);
        self.structure = outer;
    }

    fn value(&mut self, shape: &Shape, value: &mut Value) {
        if value.is_null() {
            return;
        }
        match (shape, &mut *value) {
            (Shape::Pointer(inner), _) => self.value(inner, value),
            (Shape::Struct(structure), Value::Object(members)) => self.members(structure, members),
            (Shape::List(inner), Value::Array(items)) => {
                items.iter_mut().for_each(|item| self.element(inner, item));
            }
            (Shape::Map(inner, _), Value::Object(members)) => {
                members.values_mut().for_each(|member| self.element(inner, member));
            }
            (Shape::Int32, Value::Number(number)) => {
                if number.as_i64().is_none_or(|number| i32::try_from(number).is_err()) {
                    self.wrong_number(shape, value);
                }
            }
            (Shape::Int64, Value::Number(number)) => {
                if number.as_i64().is_none() {
                    self.wrong_number(shape, value);
                }
            }
            (Shape::IntOrString, Value::Number(_)) => self.value(&Shape::Int32, value),
            (Shape::Quantity, _) => self.quantity(value),
            (Shape::Time, Value::String(text)) => self.text(times::seconds(text), value),
            (Shape::MicroTime, Value::String(text)) => self.text(times::micros(text), value),
            (Shape::Bytes, Value::String(text)) => self.bytes(&text.clone(), value),
            (Shape::IntOrString | Shape::String(_), Value::String(_))
            | (Shape::Bool, Value::Bool(_))
            | (Shape::Raw, _) => {}
            _ => self.wrong(json_type(value), shape),
        }
    }

    /// An element of a list or map cannot be left out: `null` is its zero value.
    fn element(&mut self, shape: &Shape, value: &mut Value) {
        if value.is_null() {
            *value = zero(shape);
        } else {
            self.value(shape, value);
        }
    }

    fn quantity(&mut self, value: &mut Value) {
        let text = match &*value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return self.refuse(WRONG_FORMAT.to_owned()),
        };
        let read = Quantity::parse(&text).map(|quantity| quantity.shown());
        self.text(read.map_err(str::to_owned), value);
    }

    fn text(&mut self, read: Result<String, String>, value: &mut Value) {
        match read {
            Ok(text) => *value = Value::String(text),
            Err(error) => self.refuse(error),
        }
    }

    fn bytes(&mut self, text: &str, value: &mut Value) {
        // Go reads over line breaks.
        let text: String = text.chars().filter(|char| !matches!(char, '\r' | '\n')).collect();
        match STANDARD.decode(&text) {
            Ok(bytes) => *value = STANDARD.encode(bytes).into(),
            Err(error) => {
                let place = match error {
                    DecodeError::InvalidByte(place, _)
                    | DecodeError::InvalidLastSymbol { offset: place, .. } => place,
                    // Where the last group of four begins.
                    DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => text.len() / 4 * 4,
                };
                self.fail(format!("illegal base64 data at input byte {place}"));
            }
        }
    }

    fn wrong_number(&mut self, shape: &Shape, value: &Value) {
        self.wrong(format!("number {value}"), shape);
    }

    fn wrong(&mut self, found: impl std::fmt::Display, shape: &Shape) {
        let place = format!("{}.{}", self.structure, self.path.join("."));
        let kind = shape.go();
        let error = format!("json: cannot unmarshal {found} into Go struct field {place} of type {kind}");
        match shape {
            Shape::Time | Shape::MicroTime | Shape::IntOrString => self.refuse(error),
            _ => self.fail(error),
        }
    }

    fn refuse(&mut self, error: String) {
        self.refused.get_or_insert(error);
    }

    fn fail(&mut self, error: String) {
        self.error.get_or_insert(error);
    }
}

/// How `encoding/json` names the type of a value.
pub fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
