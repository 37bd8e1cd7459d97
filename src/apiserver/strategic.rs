//! Strategic merge patches: merge patches that know the lists of built-in kinds.
//!
//! Called by PATCH with whole objects of kinds whose [`Schema`] carries patch strategies; pure. The rules and
//! errors are those of `k8s.io/apimachinery/pkg/util/strategicpatch`.

mod lists;
mod order;
mod positions;

use http::StatusCode;
use serde_json::{Map, Value};

use super::{
    go_format,
    managed_fields::object_meta::OBJECT_META,
    schema::{PatchStrategy, Schema},
    status::ApiError,
};

/// `$patch`: what to do with the map it stands in.
const DIRECTIVE: &str = "$patch";

/// `$retainKeys`: all that a map may keep.
const RETAIN_KEYS: &str = "$retainKeys";

/// `$deleteFromPrimitiveList/<field>`
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";

/// `$setElementOrder/<field>`
const SET_ORDER: &str = "$setElementOrder";

/// A map as Go names it.
const MAP: &str = "map[string]interface {}";

/// Why a patch cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    #[error("invalid patch format of primitive list")]
    PrimitiveList,
    #[error("invalid patch format of retainKeys")]
    RetainKeys,
    #[error("invalid patch format of setElementOrder list")]
    SetElementOrder,
    #[error("lists of lists are not supported")]
    ListOfLists,
    #[error("map: {0} does not contain declared merge key: {1}")]
    NoMergeKey(String, String),
    #[error("expected a {expected}, but received a {actual}")]
    WrongType { expected: &'static str, actual: &'static str },
    #[error("unknown patch type: {0} in map: {1}")]
    UnknownDirective(String, String),
    #[error("merging lists cannot yet be specified in the patch")]
    MergeDirective,
    #[error("cannot merge lists without merge key for {0}")]
    NoMergeKeyInSchema(&'static str),
    #[error("list element types are not identical: {0}")]
    MixedList(String),
    #[error("no elements in any of the given slices")]
    NoElements,
    #[error("value for key {0} is not a map")]
    ItemNotAMap(usize),
    #[error("The order in patch list:\n{0}\n doesn't match {SET_ORDER} list:\n{1}\n")]
    OrderMismatch(String, String),
    #[error("unable to find api field \"{0}\"")]
    UnknownField(String),
    #[error("merging an object in json but data type is not struct, instead is: map")]
    FieldOfMap,
}

impl PatchError {
    fn wrong_type(expected: &'static str, found: &Value) -> Self {
        let actual = if found.is_null() { "%!s(<nil>)" } else { go_format::type_name(found) };
        Self::WrongType { expected, actual }
    }
}

impl From<PatchError> for ApiError {
    fn from(error: PatchError) -> Self {
        match error {
            PatchError::PrimitiveList | PatchError::RetainKeys | PatchError::SetElementOrder => {
                Self::bad_request(error.to_string())
            }
            PatchError::ListOfLists => {
                let message = "the server rejected our request due to an error in our request";
                let details = Some(Box::default());
                Self { details, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message) }
            }
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "", error.to_string()),
        }
    }
}

/// Applies `patch` to `original`, an object of the kind `schema` describes. Unknown fields and nulls the patch
/// leaves inside are not removed.
pub fn strategic_merge(original: Value, patch: Value, schema: &Schema) -> Result<Value, PatchError> {
    let patch = into_map(patch)?;
    let original = into_map(original)?;
    merge_maps(original, patch, Place { schema, object: true }).map(Value::Object)
}

/// Where in the schema a map or list is.
#[derive(Clone, Copy)]
struct Place<'a> {
    schema: &'a Schema,
    /// A whole object, whose `metadata` is that of every kind.
    object: bool,
}

impl<'a> Place<'a> {
    fn of(schema: &'a Schema) -> Self {
        Self { schema, object: schema.embedded_resource }
    }

    /// The field of this name and how it is patched. Only maps and lists ever ask.
    fn field(self, name: &str) -> Result<(Self, &'a PatchStrategy), PatchError> {
        if self.object && name == "metadata" {
            return Ok((Self::of(&OBJECT_META), &OBJECT_META.patch));
        }
        match self.schema.properties.get(name) {
            Some(schema) => Ok((Self::of(schema), &schema.patch)),
            None if self.schema.additional_properties.is_some() => Err(PatchError::FieldOfMap),
            None => Err(PatchError::UnknownField(name.to_owned())),
        }
    }

    /// The items of the list of this name.
    fn list(self, name: &str) -> Result<(Self, &'a PatchStrategy), PatchError> {
        let (list, strategy) = self.field(name)?;
        Ok((list.schema.items.as_deref().map_or(list, Self::of), strategy))
    }

    /// As Go names the kind of type.
    fn kind(self) -> &'static str {
        if self.schema.properties.is_empty() && self.schema.additional_properties.is_some() {
            "map"
        } else {
            "struct"
        }
    }
}

/// The heart of it. Fields are taken in the order of their names, so deletions from a list come before additions.
fn merge_maps(
    mut original: Map<String, Value>,
    mut patch: Map<String, Value>,
    place: Place<'_>,
) -> Result<Map<String, Value>, PatchError> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Map::new()),
            _ => {
                let shown = go_format::plain(&directive);
                patch.insert(DIRECTIVE.to_owned(), directive);
                Err(PatchError::UnknownDirective(shown, go_format::plain(&Value::Object(patch))))
            }
        };
    }
    retain_keys(&mut original, &mut patch)?;
    order::merge_ordered_lists(&mut original, &mut patch, place)?;
    for (key, value) in patch {
        let (name, deletes) = if key.starts_with(DELETE_FROM_LIST) {
            (strip_prefix(&key, DELETE_FROM_LIST)?.to_owned(), true)
        } else {
            (key, false)
        };
        if value.is_null() {
            original.remove(&name);
            continue;
        }
        merge_field(&mut original, name, value, deletes, place)?;
    }
    Ok(original)
}

fn merge_field(
    original: &mut Map<String, Value>,
    name: String,
    value: Value,
    deletes: bool,
    place: Place<'_>,
) -> Result<(), PatchError> {
    let merged = match (original.remove(&name), value) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            Some(Value::Object(merge_maps(old, new, place.field(&name)?.0)?))
        }
        (Some(Value::Array(old)), Value::Array(new)) => {
            let (items, strategy) = place.list(&name)?;
            Some(Value::Array(lists::merge_lists(old, new, items, strategy, deletes)?))
        }
        // A list to delete from that is not there.
        (old, _) if deletes => old,
        (_, mut new) => {
            discard_nulls(&mut new);
            without_directives(new)
        }
    };
    if let Some(merged) = merged {
        original.insert(name, merged);
    }
    Ok(())
}

/// Obeys `$retainKeys`, which must name everything the patch sets.
fn retain_keys(original: &mut Map<String, Value>, patch: &mut Map<String, Value>) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    let Value::Array(keys) = keys else { return Err(PatchError::RetainKeys) };
    let kept = |name: &str| keys.iter().any(|key| key.as_str() == Some(name));
    let directive = |name: &str| name.starts_with(DELETE_FROM_LIST) || name.starts_with(SET_ORDER);
    if patch.iter().any(|(name, value)| !value.is_null() && !directive(name) && !kept(name)) {
        return Err(PatchError::RetainKeys);
    }
    original.retain(|name, _| kept(name));
    Ok(())
}

/// What follows `prefix/`.
fn strip_prefix<'a>(key: &'a str, prefix: &str) -> Result<&'a str, PatchError> {
    key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')).ok_or(match prefix {
        DELETE_FROM_LIST => PatchError::PrimitiveList,
        _ => PatchError::SetElementOrder,
    })
}

/// A null that deletes nothing means nothing.
fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(discard_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

/// The value without maps that carry a directive; none if it is one itself.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.contains_key(DIRECTIVE) => None,
        Value::Object(fields) => {
            let kept =
                fields.into_iter().filter_map(|(name, value)| Some((name, without_directives(value)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(without_directives).collect())),
        scalar => Some(scalar),
    }
}

fn into_map(value: Value) -> Result<Map<String, Value>, PatchError> {
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        other => Err(PatchError::wrong_type(MAP, &other)),
    }
}

fn into_list(value: Value) -> Result<Vec<Value>, PatchError> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(PatchError::wrong_type("[]interface {}", &other)),
    }
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
