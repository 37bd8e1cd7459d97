//! The object of an answer as it is read: all but who manages which field, which is as long as the rest and which
//! nobody here asks for.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// # Errors
/// The bytes are no JSON object, or there is more behind it.
pub fn read(bytes: &[u8]) -> serde_json::Result<Value> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let object = Level::Object.deserialize(&mut json)?;
    json.end()?;
    Ok(object)
}

/// How deep we are.
#[derive(Clone, Copy)]
enum Level {
    Object,
    Metadata,
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        match self {
            Self::Object => json.deserialize_map(self),
            // Some have none.
            Self::Metadata => json.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of an API")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(field) = json.next_key::<String>()? {
            let value = match (self, &*field) {
                (Self::Object, "metadata") => json.next_value_seed(Self::Metadata)?,
                (Self::Metadata, "managedFields") => {
                    json.next_value::<IgnoredAny>()?;
                    continue;
                }
                _ => json.next_value()?,
            };
            fields.insert(field, value);
        }
        Ok(fields.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_is_read_but_who_manages_what() {
        let object = json!({"kind": "A", "metadata": {"name": "a", "labels": {"managedFields": "x"}},
            "spec": {"metadata": {"managedFields": [1]}, "n": [1.5, null, true]}});
        assert_eq!(read(object.to_string().as_bytes()).unwrap(), object);
        let mut managed = object.clone();
        managed["metadata"]["managedFields"] = json!([{"manager": "m", "fieldsV1": {"f:spec": {}}}]);
        assert_eq!(read(managed.to_string().as_bytes()).unwrap(), object);
        let bare = json!({"kind": "Status", "metadata": null});
        assert_eq!(read(bare.to_string().as_bytes()).unwrap(), bare);
        for no_object in
            ["[]", "7", "{} {}", "{\"metadata\": [1]}", "{\"metadata\": {\"managedFields\": }}", ""]
        {
            assert!(read(no_object.as_bytes()).is_err(), "{no_object}");
        }
    }
}
