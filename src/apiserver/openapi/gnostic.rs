//! OpenAPI v2 in the protobuf of gnostic (`openapi.v2.Document`), the one form in which kubectl and client-go ask for
//! it: kubectl checks the items of a `kind: List` against it.
//!
//! Pure. Fed with the document as JSON. Definitions are given out whole, paths are not: nobody looks for them here.

use serde_json::{Map, Value};

/// As `Accept` headers name it. It is no media type by Go's rules, so answers have the other one.
pub const ASKED: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
pub const MEDIA_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// The document as a message.
pub fn encode(document: &Value) -> Vec<u8> {
    let mut out = Message::default();
    out.text(1, &document["swagger"]);
    let mut info = Message::default();
    info.text(1, &document["info"]["title"]);
    info.text(2, &document["info"]["version"]);
    out.message(2, &info);
    out.message(8, &Message::default());
    out.message(9, &named(members(&document["definitions"])));
    out.0
}

/// Numbers and names of `openapi.v2.Schema`.
fn schema(value: &Value) -> Message {
    let mut out = Message::default();
    for (name, value) in members(value) {
        match name.as_str() {
            "$ref" => out.text(1, value),
            "format" => out.text(2, value),
            "title" => out.text(3, value),
            "description" => out.text(4, value),
            "default" => out.message(5, &any(value)),
            "multipleOf" => out.double(6, value),
            "maximum" => out.double(7, value),
            "exclusiveMaximum" => out.flag(8, value),
            "minimum" => out.double(9, value),
            "exclusiveMinimum" => out.flag(10, value),
            "maxLength" => out.integer(11, value),
            "minLength" => out.integer(12, value),
            "pattern" => out.text(13, value),
            "maxItems" => out.integer(14, value),
            "minItems" => out.integer(15, value),
            "uniqueItems" => out.flag(16, value),
            "maxProperties" => out.integer(17, value),
            "minProperties" => out.integer(18, value),
            "required" => one_or_more(value).iter().for_each(|name| out.text(19, name)),
            "enum" => one_or_more(value).iter().for_each(|value| out.message(20, &any(value))),
            "additionalProperties" => out.message(21, &additional(value)),
            "type" => out.message(22, &texts(value)),
            "items" => out.message(23, &schemas(value)),
            "allOf" => one_or_more(value).iter().for_each(|part| out.message(24, &schema(part))),
            "properties" => out.message(25, &named(members(value))),
            "discriminator" => out.text(26, value),
            "readOnly" => out.flag(27, value),
            "example" => out.message(30, &any(value)),
            extension if extension.starts_with("x-") => out.message(31, &named_any(extension, value)),
            _ => {}
        }
    }
    out
}

/// Schemas by name, as `Definitions` and `Properties` have them.
fn named<'a>(members: impl Iterator<Item = (&'a String, &'a Value)>) -> Message {
    let mut out = Message::default();
    for (name, value) in members {
        let mut entry = Message::default();
        entry.bytes(1, name.as_bytes());
        entry.message(2, &schema(value));
        out.message(1, &entry);
    }
    out
}

fn named_any(name: &str, value: &Value) -> Message {
    let mut out = Message::default();
    out.bytes(1, name.as_bytes());
    out.message(2, &any(value));
    out
}

/// In YAML, of which JSON is a part.
fn any(value: &Value) -> Message {
    let mut out = Message::default();
    out.bytes(2, value.to_string().as_bytes());
    out
}

fn additional(value: &Value) -> Message {
    let mut out = Message::default();
    match value {
        // A field of a oneof is written even if it is false.
        Value::Bool(allowed) => out.varint(2, u64::from(*allowed)),
        value => out.message(1, &schema(value)),
    }
    out
}

fn texts(value: &Value) -> Message {
    let mut out = Message::default();
    one_or_more(value).iter().for_each(|text| out.text(1, text));
    out
}

fn schemas(value: &Value) -> Message {
    let mut out = Message::default();
    one_or_more(value).iter().for_each(|item| out.message(1, &schema(item)));
    out
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn one_or_more(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// A message as it is written. What is empty or zero is left out, as proto3 has it.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn raw(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn varint(&mut self, number: u64, value: u64) {
        self.raw(number << 3);
        self.raw(value);
    }

    fn bytes(&mut self, number: u64, value: &[u8]) {
        self.raw(number << 3 | 2);
        self.raw(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    fn message(&mut self, number: u64, value: &Self) {
        self.bytes(number, &value.0);
    }

    fn text(&mut self, number: u64, value: &Value) {
        if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
            self.bytes(number, text.as_bytes());
        }
    }

    fn flag(&mut self, number: u64, value: &Value) {
        if value == &Value::Bool(true) {
            self.varint(number, 1);
        }
    }

    fn integer(&mut self, number: u64, value: &Value) {
        if let Some(value) = value.as_i64().filter(|value| *value != 0) {
            self.varint(number, value as u64);
        }
    }

    fn double(&mut self, number: u64, value: &Value) {
        if let Some(value) = value.as_f64().filter(|value| *value != 0.0) {
            self.raw(number << 3 | 1);
            self.0.extend_from_slice(&value.to_le_bytes());
        }
    }
}
