//! Request bodies in `application/vnd.kubernetes.protobuf`, as built-in typed clients send them, decoded to the
//! JSON that Kubernetes would write the same object as.
//!
//! Fed by the write verbs with bodies of any origin: whatever the bytes are, the answer is an object or an error,
//! within bounds of memory and depth. It knows the layout of messages, not the rules of kinds.

mod error;
mod message;
mod special;
mod table;
mod wire;

use serde_json::Value;

pub use error::{Problem, ProtobufError};

use message::Decoder;
use table::TABLE;
use wire::{Reader, WireType};

/// The media type of such bodies.
pub const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

const PREFIX: &[u8] = b"k8s\0";

/// Whether bodies of this kind are understood.
pub fn understands(api_version: &str, kind: &str) -> bool {
    TABLE.kind(api_version, kind).is_some()
}

/// The object of a body, with `apiVersion` and `kind`. Those given are for a body that does not name its own.
///
/// Everything else is as Go's JSON of the decoded object: what is empty and `omitempty` is absent, a list that is
/// neither sent nor optional is null.
pub fn decode(body: &[u8], api_version: &str, kind: &str) -> Result<Value, ProtobufError> {
    let message = unwrap(body).map_err(|problem| ProtobufError { problem, of: None })?;
    let or = |own: String, default: &str| if own.is_empty() { default.to_owned() } else { own };
    let (api_version, kind) = (or(message.api_version, api_version), or(message.kind, kind));
    let object = match TABLE.kind(&api_version, &kind) {
        Some(layout) => Decoder::new(&TABLE).object(layout, message.raw),
        None => Err(Problem::NotRegistered { api_version: api_version.clone(), kind: kind.clone() }),
    };
    match object {
        Ok(mut object) => {
            object.insert("apiVersion".into(), api_version.into());
            object.insert("kind".into(), kind.into());
            Ok(Value::Object(object))
        }
        Err(problem) => Err(ProtobufError { problem, of: Some((api_version, kind)) }),
    }
}

/// `runtime.Unknown`: an object still encoded, with its kind.
#[derive(Default)]
struct Unknown<'a> {
    api_version: String,
    kind: String,
    raw: &'a [u8],
}

fn unwrap(body: &[u8]) -> Result<Unknown<'_>, Problem> {
    if body.is_empty() {
        return Err(Problem::Empty);
    }
    let body = body.strip_prefix(PREFIX).ok_or(Problem::NoPrefix)?;
    if body.is_empty() {
        return Err(Problem::OnlyPrefix);
    }
    let mut unknown = Unknown::default();
    let mut reader = Reader::new(body);
    while let Some(tag) = reader.tag("Unknown")? {
        let field = match tag.number {
            1 => "TypeMeta",
            2 => "Raw",
            3 => "ContentEncoding",
            4 => "ContentType",
            _ => {
                reader.skip(tag.wire_type)?;
                continue;
            }
        };
        let bytes = delimited(&mut reader, tag.wire_type, field)?;
        match tag.number {
            1 => type_meta(bytes, &mut unknown)?,
            2 => unknown.raw = bytes,
            _ => {}
        }
    }
    Ok(unknown)
}

fn type_meta(bytes: &[u8], unknown: &mut Unknown<'_>) -> Result<(), Problem> {
    let mut reader = Reader::new(bytes);
    while let Some(tag) = reader.tag("TypeMeta")? {
        let (field, target) = match tag.number {
            1 => ("APIVersion", &mut unknown.api_version),
            2 => ("Kind", &mut unknown.kind),
            _ => {
                reader.skip(tag.wire_type)?;
                continue;
            }
        };
        *target = special::text(delimited(&mut reader, tag.wire_type, field)?);
    }
    Ok(())
}

fn delimited<'a>(
    reader: &mut Reader<'a>,
    wire_type: WireType,
    field: &'static str,
) -> Result<&'a [u8], Problem> {
    expect(WireType::Delimited, wire_type, field)?;
    reader.delimited()
}

fn expect(wanted: WireType, found: WireType, field: &'static str) -> Result<(), Problem> {
    if wanted == found { Ok(()) } else { Err(Problem::WrongWireType { wire_type: found.number(), field }) }
}

#[cfg(test)]
mod tests;
