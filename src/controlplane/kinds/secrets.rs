//! Secrets: text becomes data, each type has the keys it needs.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{
    Rules, cells,
    config_maps::{MAX_SIZE, config_key, decoded, immutable},
    info, shape, values,
};
use crate::apiserver::{field::FieldError, object::Cell, object_meta};

const PEM: &[u8] = b"-----BEGIN";

pub fn rules() -> Rules {
    Rules {
        default,
        validate,
        validate_update,
        warnings,
        selectable: &[("type", &["/type"])],
        ..Rules::new(info::namespaced("", "secrets", "Secret"), cells)
    }
}

fn default(object: &mut Value) {
    let texts = object.as_object_mut().and_then(|members| members.remove("stringData"));
    if let Some(Value::Object(texts)) = texts {
        if !object["data"].is_object() {
            object["data"] = Value::Object(Map::new());
        }
        for (key, text) in texts {
            object["data"][key] = STANDARD.encode(text.as_str().unwrap_or_default()).into();
        }
    }
    values::default(object, "type", "Opaque");
}

fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut size = 0;
    for (key, value) in values::members(object, "/data") {
        errors.extend(object_meta::invalid(&format!("data[{key}]"), key, config_key(key)));
        size += decoded(value).len();
    }
    if size > MAX_SIZE {
        errors.push(FieldError::too_long("data", MAX_SIZE));
    }
    errors.extend(of_its_type(object, values::text(object, "/type")));
    errors
}

fn of_its_type(object: &Value, kind: &str) -> Vec<FieldError> {
    let data = values::at(object, "/data");
    let required = |keys: &[&str]| -> Vec<FieldError> {
        let missing = keys.iter().filter(|key| data.get(key).is_none());
        missing.map(|key| FieldError::required(format!("data[{key}]"), "")).collect()
    };
    match kind {
        "kubernetes.io/service-account-token" => {
            const ANNOTATION: &str = "kubernetes.io/service-account.name";
            let name = values::at(object, "/metadata/annotations").get(ANNOTATION).and_then(Value::as_str);
            let path = format!("metadata.annotations[{ANNOTATION}]");
            let missing = name.unwrap_or_default().is_empty();
            missing.then(|| FieldError::required(path, "")).into_iter().collect()
        }
        "kubernetes.io/dockercfg" => docker_config(data, ".dockercfg"),
        "kubernetes.io/dockerconfigjson" => docker_config(data, ".dockerconfigjson"),
        "kubernetes.io/basic-auth" => {
            let missing = required(&["username", "password"]);
            if missing.len() == 2 { missing } else { Vec::new() }
        }
        "kubernetes.io/ssh-auth" if data.get("ssh-privatekey").is_none_or(|key| decoded(key).is_empty()) => {
            vec![FieldError::required("data[ssh-privatekey]", "")]
        }
        "kubernetes.io/tls" => required(&["tls.crt", "tls.key"]),
        _ => Vec::new(),
    }
}

fn docker_config(data: &Value, key: &str) -> Vec<FieldError> {
    let path = format!("data[{key}]");
    let Some(config) = data.get(key) else { return vec![FieldError::required(path, "")] };
    let wrong = |detail: String| vec![FieldError::invalid(path, "<secret contents redacted>", detail)];
    match serde_json::from_slice(&decoded(config)) {
        Ok(Value::Object(_)) => Vec::new(),
        Ok(other) => {
            let kind = shape::json_type(&other);
            wrong(format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"))
        }
        Err(error) if error.is_eof() => wrong("unexpected end of JSON input".to_owned()),
        Err(error) => wrong(error.to_string()),
    }
}

fn validate_update(new: &Value, old: &Value) -> Vec<FieldError> {
    let kind = values::text(new, "/type");
    let mut errors = Vec::new();
    if kind != values::text(old, "/type") {
        errors.push(FieldError::invalid("type", kind, "field is immutable"));
    }
    errors.extend(immutable(new, old, &[("data", "/data")]));
    errors
}

/// Whether certificate and key can be read at all; whether they fit together is not looked at.
fn warnings(new: &Value, _: Option<&Value>) -> Vec<String> {
    if values::text(new, "/type") != "kubernetes.io/tls" {
        return Vec::new();
    }
    let is_pem = |key: &str| {
        let data = decoded(&new["data"][key]);
        data.windows(PEM.len()).any(|part| part == PEM)
    };
    let missing = [("tls.crt", "certificate"), ("tls.key", "key")].into_iter().find(|(key, _)| !is_pem(key));
    missing.map(|(_, what)| format!("tls: failed to find any PEM data in {what} input")).into_iter().collect()
}

fn cells(object: &Value) -> Vec<Cell> {
    let count = values::members(object, "/data").count();
    let kind = cells::text(values::text(object, "/type"));
    vec![cells::name(object), kind, cells::number(count as i64), cells::age(object)]
}
