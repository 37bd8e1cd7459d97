//! Types whose JSON is not that of their fields: times, quantities, JSON within bytes, the unions of
//! CustomResourceDefinition schemas.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    delimited,
    error::Problem,
    expect,
    message::{Decoder, check_depth},
    wire::{Reader, WireType},
};

/// The first second of year 1, which Go takes for no time.
const ZERO_TIME: i64 = -62_135_596_800;

/// A string as Go's JSON has it: each byte that is not UTF-8 becomes U+FFFD.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// A number without a fraction is written as an integer.
pub(super) fn number(value: f64) -> Result<Value, Problem> {
    if value.fract() == 0.0 && value.abs() < 9.2e18 && !(value == 0.0 && value.is_sign_negative()) {
        return Ok((value as i64).into());
    }
    let number = serde_json::Number::from_f64(value);
    number.map(Value::Number).ok_or_else(|| Problem::NoNumber(value.to_string()))
}

/// Seconds and nanoseconds; an empty message is no time.
fn timestamp(bytes: &[u8]) -> Result<Option<(i64, i32)>, Problem> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut reader = Reader::new(bytes);
    while let Some(tag) = reader.tag("Timestamp")? {
        match tag.number {
            1 => seconds = varint(&mut reader, tag.wire_type, "Seconds")? as i64,
            2 => nanos = varint(&mut reader, tag.wire_type, "Nanos")? as i32,
            _ => reader.skip(tag.wire_type)?,
        }
    }
    Ok((!bytes.is_empty()).then_some((seconds, nanos)))
}

/// `metav1.Time`, whose fractions are dropped.
pub(super) fn time(bytes: &[u8]) -> Result<Value, Problem> {
    match timestamp(bytes)? {
        None | Some((ZERO_TIME, _)) => Ok(Value::Null),
        Some((seconds, _)) => written(seconds, 0, "%Y-%m-%dT%H:%M:%SZ"),
    }
}

/// `metav1.MicroTime`, always with six digits.
pub(super) fn micro_time(bytes: &[u8]) -> Result<Value, Problem> {
    match timestamp(bytes)? {
        None => Ok(Value::Null),
        Some((ZERO_TIME, nanos)) if nanos / 1000 == 0 => Ok(Value::Null),
        Some((seconds, nanos)) => written(seconds, nanos / 1000 * 1000, "%Y-%m-%dT%H:%M:%S.%6fZ"),
    }
}

fn written(seconds: i64, nanos: i32, format: &str) -> Result<Value, Problem> {
    let time = Timestamp::from_second(seconds)
        .and_then(|time| time.checked_add(SignedDuration::from_nanos(nanos.into())))
        .map_err(|_| Problem::NoTime)?;
    if time.as_second() < ZERO_TIME {
        return Err(Problem::NoTime);
    }
    Ok(time.strftime(format).to_string().into())
}

/// `resource.Quantity`. Clients write it in its canonical form.
pub(super) fn quantity(bytes: &[u8]) -> Result<Value, Problem> {
    let mut quantity = "0".to_owned();
    let mut reader = Reader::new(bytes);
    while let Some(tag) = reader.tag("Quantity")? {
        match tag.number {
            1 => {
                quantity = text(delimited(&mut reader, tag.wire_type, "String_")?);
                if !is_quantity(&quantity) {
                    return Err(Problem::NoQuantity);
                }
            }
            _ => reader.skip(tag.wire_type)?,
        }
    }
    Ok(quantity.into())
}

/// `[+-]?[0-9.]+` and `[eEinumkKMGTP]*[-+]?[0-9]*`, with at least one digit.
fn is_quantity(text: &str) -> bool {
    let amount = text.strip_prefix(['+', '-']).unwrap_or(text);
    let suffix = amount.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    let amount = &amount[..amount.len() - suffix.len()];
    let exponent = suffix.trim_start_matches(|letter: char| "eEinumkKMGTP".contains(letter));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    amount.matches('.').count() < 2 && amount.contains(|letter: char| letter != '.') && digits(exponent)
}

pub(super) fn int_or_string(bytes: &[u8]) -> Result<Value, Problem> {
    let (mut of, mut int, mut string) = (0, 0, String::new());
    let mut reader = Reader::new(bytes);
    while let Some(tag) = reader.tag("IntOrString")? {
        match tag.number {
            1 => of = varint(&mut reader, tag.wire_type, "Type")?,
            2 => int = varint(&mut reader, tag.wire_type, "IntVal")? as i32,
            3 => string = text(delimited(&mut reader, tag.wire_type, "StrVal")?),
            _ => reader.skip(tag.wire_type)?,
        }
    }
    match of {
        0 => Ok(int.into()),
        1 => Ok(string.into()),
        _ => Err(Problem::NoIntOrString),
    }
}

/// JSON in the bytes of field 1, no deeper than `levels`; none is null.
pub(super) fn json(bytes: &[u8], levels: usize) -> Result<Value, Problem> {
    let mut raw: &[u8] = &[];
    let mut reader = Reader::new(bytes);
    while let Some(tag) = reader.tag("JSON")? {
        match tag.number {
            1 => raw = delimited(&mut reader, tag.wire_type, "Raw")?,
            _ => reader.skip(tag.wire_type)?,
        }
    }
    if raw.is_empty() {
        return Ok(Value::Null);
    }
    let value = serde_json::from_slice(raw).map_err(|error| Problem::NoJson(error.to_string()))?;
    if depth(&value) > levels { Err(Problem::TooDeep) } else { Ok(value) }
}

/// serde_json has bounded it before.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

pub(super) fn strings(bytes: &[u8]) -> Result<Value, Problem> {
    let mut items = Vec::<Value>::new();
    let mut reader = Reader::new(bytes);
    while let Some(tag) = reader.tag("ExtraValue")? {
        match tag.number {
            1 => items.push(text(delimited(&mut reader, tag.wire_type, "Items")?).into()),
            _ => reader.skip(tag.wire_type)?,
        }
    }
    Ok(items.into())
}

pub(super) fn schema_or_bool(decoder: &mut Decoder, bytes: &[u8], depth: usize) -> Result<Value, Problem> {
    check_depth(depth)?;
    let (mut allows, mut schema) = (false, None);
    let mut reader = Reader::new(bytes);
    while let Some(tag) = reader.tag("JSONSchemaPropsOrBool")? {
        match tag.number {
            1 => allows = varint(&mut reader, tag.wire_type, "Allows")? != 0,
            2 => {
                let bytes = delimited(&mut reader, tag.wire_type, "Schema")?;
                schema = Some(decoder.json_schema_props(bytes, depth)?);
            }
            _ => reader.skip(tag.wire_type)?,
        }
    }
    Ok(schema.unwrap_or(allows.into()))
}

pub(super) fn schema_or_array(decoder: &mut Decoder, bytes: &[u8], depth: usize) -> Result<Value, Problem> {
    let (mut schema, mut schemas) = (Value::Null, Vec::new());
    let mut reader = Reader::new(bytes);
    while let Some(tag) = reader.tag("JSONSchemaPropsOrArray")? {
        match tag.number {
            1 => {
                let bytes = delimited(&mut reader, tag.wire_type, "Schema")?;
                schema = decoder.json_schema_props(bytes, depth)?;
            }
            2 => {
                let bytes = delimited(&mut reader, tag.wire_type, "JSONSchemas")?;
                schemas.push(decoder.json_schema_props(bytes, depth + 1)?);
            }
            _ => reader.skip(tag.wire_type)?,
        }
    }
    Ok(if schemas.is_empty() { schema } else { schemas.into() })
}

pub(super) fn schema_or_string_array(
    decoder: &mut Decoder,
    bytes: &[u8],
    depth: usize,
) -> Result<Value, Problem> {
    let (mut schema, mut strings) = (Value::Null, Vec::<Value>::new());
    let mut reader = Reader::new(bytes);
    while let Some(tag) = reader.tag("JSONSchemaPropsOrStringArray")? {
        match tag.number {
            1 => {
                let bytes = delimited(&mut reader, tag.wire_type, "Schema")?;
                schema = decoder.json_schema_props(bytes, depth)?;
            }
            2 => strings.push(text(delimited(&mut reader, tag.wire_type, "Property")?).into()),
            _ => reader.skip(tag.wire_type)?,
        }
    }
    Ok(if strings.is_empty() { schema } else { strings.into() })
}

fn varint(reader: &mut Reader<'_>, wire_type: WireType, field: &'static str) -> Result<u64, Problem> {
    expect(WireType::Varint, wire_type, field)?;
    reader.varint()
}
