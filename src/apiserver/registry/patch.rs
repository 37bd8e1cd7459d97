//! PATCH: JSON patches, merge patches, strategic merge patches and apply patches.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    Part, Registry,
    body::{self, Decoded},
    errors, meta,
    options::{FieldValidation, WriteOptions},
    settle::keep_servers_own,
    update::Proposal,
};
use crate::apiserver::{
    field::FieldError, managed_fields, request::ResourceRequest, status::ApiError, storage::Written,
    strategic::strategic_merge,
};

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
pub(super) const APPLY_PATCH: &str = "application/apply-patch+yaml";

/// The operations of one JSON patch.
const MOST_OPERATIONS: usize = 10_000;

/// A decoded patch that is not an apply patch.
pub(super) enum Patch {
    Json(json_patch::Patch),
    Merge(Value),
    Strategic(Value),
}

impl Registry {
    pub(super) fn patch(&self, request: &ResourceRequest, part: Part) -> Result<Written, ApiError> {
        let media = body::media_type(&request.headers);
        let built_in = self.strategy.built_in();
        let accepted: &[&str] = if built_in {
            &[JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH]
        } else {
            &[JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
        };
        if !accepted.contains(&media) {
            return Err(body::unsupported(accepted));
        }
        let options = WriteOptions::parse(request, media == APPLY_PATCH)?;
        if part == Part::Scale {
            return self.patch_scale(request, media, &options);
        }
        if media == APPLY_PATCH {
            return self.apply(request, part, &options);
        }
        let (patch, duplicates) = Patch::decode(media, &request.body)?;
        self.change(request, part, &options, |live| {
            let mut object = patch.apply(live, self)?;
            let patched = object.clone();
            let warnings = self
                .patched_fields(live, &mut object, &duplicates, options.field_validation)
                .map_err(|error| unfit(&patched, error))?;
            self.same_place(live, &object)?;
            keep_servers_own(live, &mut object);
            let managed = self.managed(&options, request.subresource());
            managed_fields::on_update(&managed, Some(live), &mut object);
            Ok(Proposal { object, warnings })
        })
    }

    /// The patched object in the form of its kind; the error is what its decoder says.
    fn patched_fields(
        &self,
        live: &Value,
        object: &mut Value,
        duplicates: &[String],
        validation: FieldValidation,
    ) -> Result<Vec<String>, String> {
        if live["kind"] != object["kind"] || live["apiVersion"] != object["apiVersion"] {
            return Err("a patch must not change apiVersion and kind".to_owned());
        }
        let reset = managed_fields::is_reset(object);
        let faults = self.unknown_fields(object, duplicates.to_vec()).map_err(|error| error.message)?;
        if validation == FieldValidation::Strict && !faults.is_empty() {
            return Err(format!("strict decoding error: {}", faults.join(", ")));
        }
        self.strategy.decode(object)?;
        self.strategy.default(object);
        if reset {
            meta::set(object, "managedFields", json!([]));
        }
        Ok(if validation == FieldValidation::Warn { faults } else { Vec::new() })
    }

    fn same_place(&self, live: &Value, object: &Value) -> Result<(), ApiError> {
        for field in ["name", "namespace"] {
            let (given, stored) = (meta::text(object, field), meta::text(live, field));
            if given != stored {
                return Err(ApiError::bad_request(format!(
                    "the {field} of the object ({given}) does not match the {field} on the URL ({stored})"
                )));
            }
        }
        Ok(())
    }

    /// Server-side apply, which makes the object where there is none.
    fn apply(
        &self,
        request: &ResourceRequest,
        part: Part,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let Decoded { value: mut config, duplicates } = body::yaml(&request.body)
            .map_err(|error| ApiError::bad_request(format!("error decoding YAML: {error}")))?;
        if !duplicates.is_empty() && options.field_validation == FieldValidation::Strict {
            let faults: Vec<_> = duplicates.iter().map(|path| format!("duplicate field {path:?}")).collect();
            return Err(ApiError::bad_request(format!("error strict decoding YAML: {}", faults.join(", "))));
        }
        self.check_kind(&mut config)?;
        self.place(&mut config, request)?;
        Self::check_name(meta::text(&config, "name"), request)?;
        if !config["metadata"]["managedFields"].is_null() {
            return Err(ApiError::bad_request("metadata.managedFields must be nil"));
        }
        let managed = self.managed(options, request.subresource());
        let merged = |live: Option<&Value>| {
            managed_fields::on_apply(&managed, live, &config, options.force).map_err(ApiError::from)
        };
        let change = || {
            self.change(request, part, options, |live| {
                let mut object = merged(Some(live))?;
                let warnings = self.unknown_fields(&mut object, Vec::new())?;
                self.formed(&mut object)?;
                Ok(Proposal { object, warnings })
            })
        };
        if part != Part::Whole {
            return change();
        }
        self.change_or_create(request, change, || {
            let uid = meta::text(&config, "uid");
            if !uid.is_empty() {
                let why = format!(
                    "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                );
                return Err(errors::conflict(self.strategy.info(), request.name(), &why));
            }
            let mut object = merged(None)?;
            // One that no object has makes an apply that only creates.
            meta::set(&mut object, "resourceVersion", Value::Null);
            self.formed(&mut object)?;
            self.insert(request, object, options.dry_run, Vec::new())
        })
    }
}

impl Patch {
    pub(super) fn decode(media: &str, body: &[u8]) -> Result<(Self, Vec<String>), ApiError> {
        if media == JSON_PATCH {
            let patch: json_patch::Patch = serde_json::from_slice(body).map_err(|error| {
                // A list of what are no operations can be read; it only cannot be done.
                match serde_json::from_slice::<Vec<serde_json::Map<String, Value>>>(body) {
                    Ok(_) => unprocessable(),
                    Err(_) => ApiError::bad_request(format!("error decoding patch: {error}")),
                }
            })?;
            if patch.0.len() > MOST_OPERATIONS {
                return Err(ApiError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "RequestEntityTooLarge",
                    format!(
                        "The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {}",
                        patch.0.len()
                    ),
                ));
            }
            return Ok((Self::Json(patch), Vec::new()));
        }
        let decoded = if media == APPLY_PATCH { body::yaml(body) } else { body::json(body) };
        let Decoded { value, duplicates } =
            decoded.map_err(|error| ApiError::bad_request(format!("error decoding patch: {error}")))?;
        if !value.is_object() {
            return Err(ApiError::bad_request("error decoding patch: the patch is no object"));
        }
        match media {
            STRATEGIC_PATCH => Ok((Self::Strategic(value), duplicates)),
            _ => Ok((Self::Merge(value), duplicates)),
        }
    }

    pub(super) fn apply(&self, live: &Value, registry: &Registry) -> Result<Value, ApiError> {
        let mut object = live.clone();
        match self {
            Self::Json(patch) => {
                json_patch::patch(&mut object, &patch.0).map_err(|_| unprocessable())?;
            }
            Self::Merge(patch) => json_patch::merge(&mut object, patch),
            Self::Strategic(patch) => {
                let schema = registry.strategy.schema();
                object = strategic_merge(object, patch.clone(), schema)?;
            }
        }
        Ok(object)
    }
}

/// 422 in the field `patch`, with the object it would have made.
fn unfit(patched: &Value, error: String) -> ApiError {
    let fault = FieldError::invalid("patch", patched.to_string(), error);
    ApiError::invalid("", "", "", &[fault])
}

/// A patch that does not fit the object.
fn unprocessable() -> ApiError {
    let mut error = ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Invalid",
        "the server rejected our request due to an error in our request",
    );
    error.details = Some(Box::default());
    error
}
