//! Request bodies: from bytes of any accepted media type to a JSON value, with the fields that were there twice.

use std::fmt;

use http::{HeaderMap, StatusCode, header};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::apiserver::status::ApiError;

/// The longest body that is read, in bytes.
pub const LIMIT: usize = 3 << 20;

pub const JSON: &str = "application/json";
pub const YAML: &str = "application/yaml";
pub const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// Understands protobuf bodies of an apiVersion and kind, which a body may leave out; the message says what is
/// wrong with one.
pub type Protobuf = fn(&[u8], &str, &str) -> Result<Value, String>;

/// A decoded body.
#[derive(Debug)]
pub struct Decoded {
    pub value: Value,
    /// The paths of keys that came more than once; the last one counts.
    pub duplicates: Vec<String>,
}

/// `Content-Type` without its parameters; JSON when there is none.
pub fn media_type(headers: &HeaderMap) -> &str {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or(JSON);
    let media = text.split(';').next().unwrap_or_default().trim();
    if media.is_empty() { JSON } else { media }
}

/// Decodes by media type; 415 names what is accepted, 400 what is wrong. `expected` are apiVersion and kind.
pub fn decode(
    headers: &HeaderMap,
    body: &[u8],
    protobuf: Option<Protobuf>,
    expected: (&str, &str),
) -> Result<Decoded, ApiError> {
    match (media_type(headers), protobuf) {
        (JSON, _) => json(body).map_err(ApiError::bad_request),
        (YAML, _) => yaml(body).map_err(ApiError::bad_request),
        (PROTOBUF, Some(protobuf)) => {
            let value = protobuf(body, expected.0, expected.1).map_err(ApiError::bad_request)?;
            Ok(Decoded { value, duplicates: Vec::new() })
        }
        (_, Some(_)) => Err(unsupported(&[JSON, YAML, PROTOBUF])),
        (_, None) => Err(unsupported(&[JSON, YAML])),
    }
}

/// 415, naming what would do.
pub fn unsupported(accepted: &[&str]) -> ApiError {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: {}",
        accepted.join(", ")
    );
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)
}

pub fn json(body: &[u8]) -> Result<Decoded, String> {
    let tracked: Tracked = serde_json::from_slice(body)
        .map_err(|error| format!("couldn't get version/kind; json parse error: {error}"))?;
    Ok(Decoded { value: tracked.value, duplicates: tracked.duplicates })
}

pub fn yaml(body: &[u8]) -> Result<Decoded, String> {
    let text = std::str::from_utf8(body).map_err(|_| "yaml: invalid UTF-8".to_owned())?;
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
    };
    let tracked: Tracked = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| format!("error converting YAML to JSON: yaml: {error}"))?;
    Ok(Decoded { value: tracked.value, duplicates: tracked.duplicates })
}

/// A value and the duplicates below it, by their path from here.
struct Tracked {
    value: Value,
    duplicates: Vec<String>,
}

impl Tracked {
    fn scalar(value: impl Into<Value>) -> Self {
        Self { value: value.into(), duplicates: Vec::new() }
    }
}

impl<'de> Deserialize<'de> for Tracked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Tracked;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tracked, E> {
        Ok(Tracked::scalar(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tracked, E> {
        Ok(Tracked::scalar(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tracked, E> {
        Ok(Tracked::scalar(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tracked, E> {
        Ok(Tracked::scalar(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tracked, E> {
        Ok(Tracked::scalar(value))
    }

    fn visit_unit<E>(self) -> Result<Tracked, E> {
        Ok(Tracked::scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Tracked, E> {
        Ok(Tracked::scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tracked, D::Error> {
        Tracked::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tracked, A::Error> {
        let (mut values, mut duplicates) = (Vec::new(), Vec::new());
        while let Some(item) = seq.next_element::<Tracked>()? {
            let at = values.len();
            duplicates.extend(item.duplicates.into_iter().map(|path| format!("[{at}]{}", dotted(&path))));
            values.push(item.value);
        }
        Ok(Tracked { value: values.into(), duplicates })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tracked, A::Error> {
        let (mut members, mut duplicates) = (Map::new(), Vec::new());
        while let Some((key, member)) = map.next_entry::<String, Tracked>()? {
            duplicates.extend(member.duplicates.into_iter().map(|path| format!("{key}{}", dotted(&path))));
            if members.insert(key.clone(), member.value).is_some() {
                duplicates.push(key);
            }
        }
        Ok(Tracked { value: Value::Object(members), duplicates })
    }
}

/// A path as the continuation of another.
fn dotted(path: &str) -> String {
    if path.starts_with('[') { path.to_owned() } else { format!(".{path}") }
}
