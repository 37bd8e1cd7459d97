//! The parts of a `meta.k8s.io` Table: column definitions, rows, and what `includeObject` puts into them.
//!
//! Fed with objects whose cells are encoded already; only ages are written here. It knows no columns of
//! its own.

mod duration;

pub use duration::age;

use jiff::Timestamp;

use super::{
    negotiation::{Form, MetaVersion},
    object::{Cell, Object},
    request::Query,
    resource::{Column, ResourceInfo},
    status::ApiError,
};

/// What a row's `object` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Include {
    None,
    Metadata,
    Object,
}

impl Include {
    /// `includeObject`, which only a Table knows.
    pub fn of(form: Form, query: &Query) -> Result<Self, ApiError> {
        match form {
            Form::Table(_) => Self::parse(query),
            Form::Object | Form::Metadata(_) => Ok(Self::Metadata),
        }
    }

    pub fn parse(query: &Query) -> Result<Self, ApiError> {
        match query.get("includeObject").unwrap_or_default() {
            "" | "Metadata" => Ok(Self::Metadata),
            "Object" => Ok(Self::Object),
            "None" => Ok(Self::None),
            other => Err(ApiError::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: \
                 must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

/// The value of `columnDefinitions`.
pub fn column_definitions(info: &ResourceInfo) -> String {
    let column = |column: &Column| {
        serde_json::json!({
            "name": column.name,
            "type": column.kind,
            "format": column.format,
            "description": column.description,
            "priority": column.priority,
        })
        .to_string()
    };
    let columns: Vec<_> = info.columns.iter().map(column).collect();
    format!("[{}]", columns.join(","))
}

/// Writes one row; ages are those at `now`.
pub fn write_row(out: &mut Vec<u8>, object: &Object, include: Include, version: MetaVersion, now: Timestamp) {
    out.extend_from_slice(br#"{"cells":["#);
    for (at, cell) in object.cells.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match cell {
            Cell::Json(json) => out.extend_from_slice(json.as_bytes()),
            Cell::Age(since) => {
                out.push(b'"');
                out.extend_from_slice(age(*since, now).as_bytes());
                out.push(b'"');
            }
        }
    }
    out.extend_from_slice(br#"],"object":"#);
    match include {
        Include::None => out.extend_from_slice(b"null"),
        Include::Metadata => write_metadata(out, object, version),
        Include::Object => out.extend_from_slice(&object.json()),
    }
    out.push(b'}');
}

/// Writes the object as `PartialObjectMetadata`.
pub fn write_metadata(out: &mut Vec<u8>, object: &Object, version: MetaVersion) {
    out.extend_from_slice(br#"{"kind":"PartialObjectMetadata","apiVersion":""#);
    out.extend_from_slice(version.api_version().as_bytes());
    out.extend_from_slice(br#"","metadata":"#);
    out.extend_from_slice(&object.metadata());
    out.push(b'}');
}

#[cfg(test)]
mod tests;
