//! `/scale`: the replicas of an object as an `autoscaling/v1` Scale.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    Part, Registry,
    body::{self, Decoded},
    meta,
    options::WriteOptions,
    patch::{APPLY_PATCH, Patch},
    update::Proposal,
};
use crate::apiserver::{
    field::FieldError,
    managed_fields::{
        self, Request,
        scale::{ReplicasPaths, replicas_path, scale_request, to_object, to_scale},
    },
    object::Object,
    request::ResourceRequest,
    status::ApiError,
    storage::{Answer, Written},
    strategy::ScalePaths,
};

impl Registry {
    fn scale_paths(&self) -> Result<&ScalePaths, ApiError> {
        self.strategy.scale().ok_or_else(ApiError::unknown_path)
    }

    pub(super) fn scale_of(&self, live: &Object) -> Result<Value, ApiError> {
        let mut object = self.store.value(live);
        meta::set(&mut object, "resourceVersion", live.resource_version.to_string().into());
        self.scale_value(&object)
    }

    fn scale_value(&self, object: &Value) -> Result<Value, ApiError> {
        let paths = self.scale_paths()?;
        let number = |path: &str| object.pointer(path).and_then(Value::as_i64);
        let mut metadata = serde_json::Map::new();
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            if let Some(value) = object["metadata"].get(field) {
                metadata.insert(field.into(), value.clone());
            }
        }
        let mut status = json!({"replicas": number(&paths.status_replicas).unwrap_or(0)});
        if let Some(selector) = paths.selector.as_ref().and_then(|path| object.pointer(path)) {
            let text = selector.as_str().map_or_else(|| selector_text(selector), str::to_owned);
            if !text.is_empty() {
                status["selector"] = text.into();
            }
        }
        let mut spec = json!({});
        if let Some(replicas) = number(&paths.spec_replicas).filter(|replicas| *replicas != 0) {
            spec["replicas"] = replicas.into();
        }
        Ok(json!({
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": metadata,
            "spec": spec,
            "status": status,
        }))
    }

    pub(super) fn update_scale(
        &self,
        request: &ResourceRequest,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let Decoded { value: scale, .. } =
            body::decode(&request.headers, &request.body, self.protobuf, ("autoscaling/v1", "Scale"))?;
        Self::check_name(meta::text(&scale, "name"), request)?;
        self.rescale(request, options, |managed, live| {
            let mut scale = scale.clone();
            managed_fields::on_update(managed, Some(live), &mut scale);
            Ok(scale)
        })
    }

    pub(super) fn patch_scale(
        &self,
        request: &ResourceRequest,
        media: &str,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        if media == APPLY_PATCH {
            let config = body::yaml(&request.body).map_err(ApiError::bad_request)?.value;
            return self.rescale(request, options, |managed, live| {
                Ok(managed_fields::on_apply(managed, Some(live), &config, options.force)?)
            });
        }
        let patch = Patch::decode(media, &request.body)?.0;
        self.rescale(request, options, |managed, live| {
            let mut scale = patch.apply(live, self)?;
            managed_fields::on_update(managed, Some(live), &mut scale);
            Ok(scale)
        })
    }

    /// Changes the object by its Scale. `wanted` makes a new Scale of the live one, its managers settled.
    fn rescale(
        &self,
        request: &ResourceRequest,
        options: &WriteOptions,
        wanted: impl Fn(&Request<'_>, &Value) -> Result<Value, ApiError>,
    ) -> Result<Written, ApiError> {
        let path = self.scale_paths()?.spec_replicas.clone();
        let dotted = path.trim_start_matches('/').replace('/', ".");
        let api_version = &self.managing.api_version;
        let paths = ReplicasPaths::from([(api_version.clone(), Some(replicas_path(&dotted)))]);
        let written = self.change(request, Part::Scale, options, |live| {
            let managed = scale_request(&self.managed(options, "scale"));
            let mut live_scale = self.scale_value(live)?;
            let entries = &live["metadata"]["managedFields"];
            let broken = |_| ApiError::internal();
            meta::set(&mut live_scale, "managedFields", to_scale(entries, &paths).map_err(broken)?);
            let scale = wanted(&managed, &live_scale)?;
            check(&scale)?;
            let mut object = live.clone();
            for field in ["resourceVersion", "uid"] {
                if let Some(given) = scale["metadata"][field].as_str().filter(|given| !given.is_empty()) {
                    meta::set(&mut object, field, given.into());
                }
            }
            set_number(&mut object, &path, scale["spec"]["replicas"].as_i64().unwrap_or(0))?;
            let managers = to_object(entries, &scale["metadata"]["managedFields"], api_version, &paths);
            meta::set(&mut object, "managedFields", managers.map_err(broken)?);
            Ok(Proposal { object, warnings: Vec::new() })
        })?;
        let scale = match written.answer {
            Answer::Object(object) => self.scale_of(&object)?,
            Answer::Json(object) => self.scale_value(&object)?,
        };
        Ok(Written { code: StatusCode::OK, answer: Answer::Json(scale), warnings: written.warnings })
    }
}

fn check(scale: &Value) -> Result<(), ApiError> {
    if scale["kind"].as_str().is_some_and(|kind| kind != "Scale") {
        return Err(ApiError::bad_request(format!("the body is no Scale: {}", scale["kind"])));
    }
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let fault = FieldError::invalid("spec.replicas", replicas, "must be greater than or equal to 0");
        return Err(ApiError::invalid("autoscaling", "Scale", meta::text(scale, "name"), &[fault]));
    }
    Ok(())
}

/// Sets a number at a JSON pointer, making the objects on the way.
fn set_number(object: &mut Value, pointer: &str, number: i64) -> Result<(), ApiError> {
    let mut place = object;
    for step in pointer.split('/').skip(1) {
        if place.is_null() {
            *place = json!({});
        }
        let members = place.as_object_mut().ok_or_else(ApiError::internal)?;
        place = members.entry(step).or_insert(Value::Null);
    }
    *place = number.into();
    Ok(())
}

/// A label selector as one line: `a=b,c in (d,e)`.
fn selector_text(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut terms: Vec<String> =
        labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = expression["key"].as_str().unwrap_or_default();
        let values: Vec<_> =
            expression["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        terms.push(match expression["operator"].as_str() {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("Exists") => key.to_owned(),
            _ => format!("!{key}"),
        });
    }
    terms.sort();
    terms.join(",")
}
