//! Messages to JSON objects, by the table of their fields.
//!
//! Reading a message notes what was sent; finishing it then drops what Go's JSON omits and adds what Go's JSON
//! always has. In between, a message that was sent in several parts is merged, as protobuf asks.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{
    delimited,
    error::Problem,
    expect, special,
    table::{Field, Message, Shape, Table, Type},
    wire::{Reader, WireType},
};

/// Levels of JSON. serde_json reads no more than 128 back.
const MAX_DEPTH: usize = 120;
/// Values of one object. A body at kube-apiserver's size limit of 3 MiB that is no attack has fewer.
const MAX_VALUES: usize = 250_000;

pub(super) struct Decoder {
    table: &'static Table,
    values_left: usize,
}

impl Decoder {
    pub(super) fn new(table: &'static Table) -> Self {
        Self { table, values_left: MAX_VALUES }
    }

    pub(super) fn object(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
    ) -> Result<Map<String, Value>, Problem> {
        self.complete(message, bytes, 1)
    }

    fn complete(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        depth: usize,
    ) -> Result<Map<String, Value>, Problem> {
        let mut object = Map::new();
        self.read(message, bytes, &mut object, depth)?;
        self.finish(message, &mut object)?;
        Ok(object)
    }

    /// A schema inside a schema.
    pub(super) fn json_schema_props(&mut self, bytes: &[u8], depth: usize) -> Result<Value, Problem> {
        self.complete(self.table.json_schema_props(), bytes, depth).map(Value::Object)
    }

    fn read(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        into: &mut Map<String, Value>,
        depth: usize,
    ) -> Result<(), Problem> {
        check_depth(depth)?;
        let mut reader = Reader::new(bytes);
        while let Some(tag) = reader.tag(message.name)? {
            match message.field(tag.number) {
                None => reader.skip(tag.wire_type)?,
                Some(field) => self.field(field, tag.wire_type, &mut reader, into, depth)?,
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        field: &'static Field,
        wire_type: WireType,
        reader: &mut Reader<'_>,
        into: &mut Map<String, Value>,
        depth: usize,
    ) -> Result<(), Problem> {
        let Some(name) = field.name else {
            let Type::Message(index) = field.of else { return reader.skip(wire_type) };
            let bytes = delimited(reader, wire_type, field.go_name)?;
            return self.read(self.table.message(index), bytes, into, depth);
        };
        match (field.shape, field.of) {
            (Shape::Value | Shape::Pointer, Type::Message(index)) => {
                let bytes = delimited(reader, wire_type, field.go_name)?;
                self.spend()?;
                if let Value::Object(part) = into.entry(name).or_insert_with(|| Map::new().into()) {
                    self.read(self.table.message(index), bytes, part, depth + 1)?;
                }
            }
            (Shape::Value | Shape::Pointer, _) => {
                let value = self.value(field, wire_type, reader, depth + 1)?;
                into.insert(name.into(), value);
            }
            (Shape::Repeated, _) => {
                let mut items = vec![];
                self.items(field, wire_type, reader, &mut items, depth + 2)?;
                if let Value::Array(list) = into.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                    list.append(&mut items);
                }
            }
            (Shape::Map, _) => {
                let bytes = delimited(reader, wire_type, field.go_name)?;
                let (key, value) = self.entry(field, bytes, depth + 2)?;
                if let Value::Object(map) = into.entry(name).or_insert_with(|| Map::new().into()) {
                    map.insert(key, value);
                }
            }
        }
        Ok(())
    }

    /// One item, or numbers packed into one value.
    fn items(
        &mut self,
        field: &'static Field,
        wire_type: WireType,
        reader: &mut Reader<'_>,
        items: &mut Vec<Value>,
        depth: usize,
    ) -> Result<(), Problem> {
        if wire_type != WireType::Delimited || natural(field.of) == WireType::Delimited {
            items.push(self.value(field, wire_type, reader, depth)?);
            return Ok(());
        }
        let mut packed = Reader::new(reader.delimited()?);
        while !packed.is_empty() {
            items.push(self.value(field, natural(field.of), &mut packed, depth)?);
        }
        Ok(())
    }

    fn entry(
        &mut self,
        field: &'static Field,
        bytes: &[u8],
        depth: usize,
    ) -> Result<(String, Value), Problem> {
        let mut reader = Reader::new(bytes);
        let (mut key, mut value) = (String::new(), None);
        while let Some(tag) = reader.tag(field.go_name)? {
            match tag.number {
                1 => key = special::text(delimited(&mut reader, tag.wire_type, field.go_name)?),
                2 => value = Some(self.value(field, tag.wire_type, &mut reader, depth)?),
                _ => reader.skip(tag.wire_type)?,
            }
        }
        let value = match value {
            Some(value) => value,
            // What is not sent is as if sent empty.
            None if natural(field.of) == WireType::Delimited => {
                self.value(field, WireType::Delimited, &mut Reader::new(&[0]), depth)?
            }
            None => self.value(field, natural(field.of), &mut Reader::new(&[0; 8]), depth)?,
        };
        Ok((key, value))
    }

    /// One value as it will stand in the JSON, `depth` levels down.
    fn value(
        &mut self,
        field: &'static Field,
        wire_type: WireType,
        reader: &mut Reader<'_>,
        depth: usize,
    ) -> Result<Value, Problem> {
        self.spend()?;
        expect(natural(field.of), wire_type, field.go_name)?;
        match field.of {
            Type::Bool => return Ok((reader.varint()? != 0).into()),
            Type::Int32 => return Ok((reader.varint()? as i32).into()),
            Type::Int64 => return Ok((reader.varint()? as i64).into()),
            Type::Float64 => return special::number(f64::from_bits(reader.fixed64()?)),
            _ => {}
        }
        let bytes = reader.delimited()?;
        Ok(match field.of {
            Type::Bytes => STANDARD.encode(bytes).into(),
            Type::Time => special::time(bytes)?,
            Type::MicroTime => special::micro_time(bytes)?,
            Type::Quantity => special::quantity(bytes)?,
            Type::IntOrString => special::int_or_string(bytes)?,
            Type::Json => special::json(bytes, MAX_DEPTH.saturating_sub(depth))?,
            Type::Strings => special::strings(bytes)?,
            Type::SchemaOrBool => special::schema_or_bool(self, bytes, depth)?,
            Type::SchemaOrArray => special::schema_or_array(self, bytes, depth)?,
            Type::SchemaOrStringArray => special::schema_or_string_array(self, bytes, depth)?,
            Type::Message(index) => self.complete(self.table.message(index), bytes, depth)?.into(),
            _ => special::text(bytes).into(),
        })
    }

    /// Makes of what was sent what Go would write.
    fn finish(&mut self, message: &'static Message, object: &mut Map<String, Value>) -> Result<(), Problem> {
        for field in &message.fields {
            let inner = match field.of {
                Type::Message(index) => Some(self.table.message(index)),
                _ => None,
            };
            let single = matches!(field.shape, Shape::Value | Shape::Pointer);
            match (field.name, inner) {
                (None, Some(inner)) => self.finish(inner, object)?,
                (None, None) => {}
                (Some(name), inner) => match object.get_mut(name) {
                    Some(Value::Object(part)) if single => {
                        if let Some(inner) = inner {
                            self.finish(inner, part)?;
                        }
                    }
                    Some(value) => {
                        if field.shape == Shape::Value && omitted(field, value) {
                            object.remove(name);
                        }
                    }
                    None => {
                        if let Some(value) = self.absent(field)? {
                            self.spend()?;
                            object.insert(name.into(), value);
                        }
                    }
                },
            }
        }
        Ok(())
    }

    /// What Go writes of a field that was not sent.
    fn absent(&mut self, field: &'static Field) -> Result<Option<Value>, Problem> {
        if field.shape != Shape::Value {
            return Ok((!field.omit_empty).then_some(Value::Null));
        }
        let value = match field.of {
            Type::String => "".into(),
            Type::Bool => false.into(),
            Type::Int32 | Type::Int64 | Type::Float64 | Type::IntOrString => 0.into(),
            Type::Quantity => "0".into(),
            Type::SchemaOrBool => false.into(),
            Type::Message(index) => self.complete(self.table.message(index), &[], 1)?.into(),
            _ => Value::Null,
        };
        Ok((!omitted(field, &value)).then_some(value))
    }

    fn spend(&mut self) -> Result<(), Problem> {
        self.values_left = self.values_left.checked_sub(1).ok_or(Problem::TooMany)?;
        Ok(())
    }
}

/// Whether Go leaves out a field of this value that is no pointer, list or map. Structs are never empty.
fn omitted(field: &Field, value: &Value) -> bool {
    let plain = natural(field.of) != WireType::Delimited || matches!(field.of, Type::String | Type::Bytes);
    let empty = || match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    field.omit_empty && plain && empty() || field.omit_zero && value.is_null()
}

/// How values of a type are written.
fn natural(of: Type) -> WireType {
    match of {
        Type::Bool | Type::Int32 | Type::Int64 => WireType::Varint,
        Type::Float64 => WireType::Fixed64,
        _ => WireType::Delimited,
    }
}

pub(super) fn check_depth(depth: usize) -> Result<(), Problem> {
    if depth > MAX_DEPTH { Err(Problem::TooDeep) } else { Ok(()) }
}
