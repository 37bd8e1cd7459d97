//! From a request's body to an object of the right kind, name and namespace, without fields that nobody knows.

use serde_json::{Value, json};

use super::{
    Registry,
    body::{self, Decoded},
    meta,
    options::FieldValidation,
};
use crate::apiserver::{
    managed_fields::is_reset, object_meta, request::ResourceRequest, schema::coerce_object_meta,
    status::ApiError,
};

/// A decoded object and what the client should know of it.
pub(super) struct Input {
    pub(super) object: Value,
    pub(super) warnings: Vec<String>,
}

impl Registry {
    /// 400 and 415 for what is no object of this kind.
    pub(super) fn input(
        &self,
        request: &ResourceRequest,
        validation: FieldValidation,
    ) -> Result<Input, ApiError> {
        let protobuf = self.protobuf.filter(|_| self.strategy.built_in());
        let info = self.strategy.info();
        let expected = (info.group_version(), &info.kind);
        let decoded = body::decode(&request.headers, &request.body, protobuf, (&expected.0, expected.1))
            .map_err(|error| self.undecodable(request, error))?;
        let Decoded { value: mut object, duplicates } = decoded;
        self.check_kind(&mut object)?;
        let reset = is_reset(&object);
        let faults = self.unknown_fields(&mut object, duplicates)?;
        self.formed(&mut object)?;
        if reset {
            // Nothing is left out of an object when it is empty, but this has a meaning.
            meta::set(&mut object, "managedFields", json!([]));
        }
        let mut warnings = match validation {
            FieldValidation::Strict if !faults.is_empty() => return Err(self.strict(&faults.join(", "))),
            FieldValidation::Warn => faults,
            _ => Vec::new(),
        };
        warnings.extend(object.get_mut("metadata").and_then(object_meta::dedup_owners));
        Ok(Input { object, warnings })
    }

    /// The kind in front of what the decoder says, as upstream has it.
    fn undecodable(&self, request: &ResourceRequest, mut error: ApiError) -> ApiError {
        // Protobuf's errors have it already.
        let plain = body::media_type(&request.headers) != body::PROTOBUF;
        if error.code == http::StatusCode::BAD_REQUEST && plain && self.strategy.built_in() {
            let kind = &self.strategy.info().kind;
            error.message =
                format!("the object provided is unrecognized (must be of type {kind}): {}", error.message);
        }
        error
    }

    pub(super) fn check_kind(&self, object: &mut Value) -> Result<(), ApiError> {
        let info = self.strategy.info();
        let expected = info.group_version();
        let Some(members) = object.as_object_mut() else {
            return Err(ApiError::bad_request(format!("the body is no {} object", info.kind)));
        };
        if self.strategy.built_in() {
            members.entry("kind").or_insert_with(|| info.kind.as_ref().into());
            members.entry("apiVersion").or_insert_with(|| expected.as_str().into());
        }
        let version = members.get("apiVersion").and_then(Value::as_str).unwrap_or_default().to_owned();
        let kind = members.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        if kind.is_empty() {
            return Err(ApiError::bad_request("Object 'Kind' is missing"));
        }
        if kind != *info.kind {
            return Err(ApiError::bad_request(format!(
                "{kind} in version {:?} cannot be handled as a {}: the kind in the data does not match",
                version.rsplit('/').next().unwrap_or_default(),
                info.kind
            )));
        }
        if version != expected {
            return Err(ApiError::bad_request(format!(
                "the API version in the data ({version}) does not match the expected API version ({expected})"
            )));
        }
        Ok(())
    }

    /// Drops unknown fields and says which, and which were there twice.
    pub(super) fn unknown_fields(
        &self,
        object: &mut Value,
        duplicates: Vec<String>,
    ) -> Result<Vec<String>, ApiError> {
        let mut paths = self.strategy.schema().prune(object);
        paths.extend(self.clean_metadata(object)?);
        let mut faults: Vec<_> = paths.into_iter().map(unknown).collect();
        faults.extend(duplicates.into_iter().map(|path| format!("duplicate field {path:?}")));
        Ok(faults)
    }

    /// Cleans `metadata`, of the object and of those embedded in it; the unknown fields in them.
    fn clean_metadata(&self, object: &mut Value) -> Result<Vec<String>, ApiError> {
        let mut unknown = Vec::new();
        if let Some(metadata) = object.get_mut("metadata") {
            let mut clean = metadata.clone();
            match coerce_object_meta(&mut clean) {
                Ok(paths) => {
                    unknown.extend(paths.into_iter().map(|path| format!("metadata.{path}")));
                    *metadata = clean;
                }
                // Of a built-in kind its decoder says it in its own words.
                Err(error) if !self.strategy.built_in() => return Err(self.unfit(&error)),
                Err(_) => {}
            }
        }
        if !self.strategy.built_in() {
            let embedded = self.strategy.schema().coerce_embedded(object);
            unknown.extend(embedded.map_err(|error| self.unfit(&error.to_string()))?);
        }
        Ok(unknown)
    }

    /// The object in the form of its kind, with its defaults; 400 for what is not of its type.
    pub(super) fn formed(&self, object: &mut Value) -> Result<(), ApiError> {
        self.strategy.decode(object).map_err(|error| self.unfit(&error))?;
        self.strategy.default(object);
        Ok(())
    }

    fn strict(&self, faults: &str) -> ApiError {
        self.unfit(&format!("strict decoding error: {faults}"))
    }

    /// 400: the body is not what the kind is written like.
    fn unfit(&self, error: &str) -> ApiError {
        let info = self.strategy.info();
        let (kind, version) = (&info.kind, &info.version);
        ApiError::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {error}"))
    }

    /// Fills the namespace in; 400 when the body has another.
    pub(super) fn place(&self, object: &mut Value, request: &ResourceRequest) -> Result<(), ApiError> {
        let expected = if self.strategy.info().namespaced { request.namespace() } else { "" };
        let given = meta::text(object, "namespace").to_owned();
        if expected.is_empty() {
            // What has no namespace ignores one, as upstream does.
            meta::set(object, "namespace", Value::Null);
        } else if given.is_empty() {
            meta::set(object, "namespace", expected.into());
        } else if given != expected {
            return Err(ApiError::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        Ok(())
    }

    /// The name in the body must be there and the one of the URL.
    pub(super) fn check_name(given: &str, request: &ResourceRequest) -> Result<(), ApiError> {
        let url = request.name();
        if given.is_empty() {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({url} based on URL) was undeterminable: name must be provided"
            )));
        }
        if given != url {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({given}) does not match the name on the URL ({url})"
            )));
        }
        Ok(())
    }
}

fn unknown(path: String) -> String {
    format!("unknown field {path:?}")
}
