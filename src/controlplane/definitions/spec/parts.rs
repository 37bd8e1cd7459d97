//! What each version brings: schema, subresources, printer columns, selectable fields.

use serde_json::Value;

use crate::{
    apiserver::field::FieldError,
    controlplane::definitions::{
        defaults, keywords, structural,
        words::{has, items, text},
    },
};

/// Where a definition may lead to more than this many selectable fields.
const MOST_SELECTABLE: usize = 8;

pub(super) fn validate(spec: &Value, errors: &mut Vec<FieldError>) {
    let versions: Vec<&Value> = items(spec, "versions").collect();
    for (path, part, version) in places(&versions, "schema", "validation") {
        let has_status = has(&version["subresources"], "status");
        schema(&part["openAPIV3Schema"], &format!("{path}.openAPIV3Schema"), has_status, errors);
    }
    for (path, part, _) in places(&versions, "subresources", "subresources") {
        scale(&part["scale"], &format!("{path}.scale"), errors);
    }
    for (path, part, _) in places(&versions, "additionalPrinterColumns", "additionalPrinterColumns") {
        for (index, defined) in part.as_array().into_iter().flatten().enumerate() {
            column(defined, &format!("{path}[{index}]"), errors);
        }
    }
    for (path, part, version) in places(&versions, "selectableFields", "selectableFields") {
        let schema = &version["schema"]["openAPIV3Schema"];
        if schema.is_null() && part.as_array().is_some_and(|fields| !fields.is_empty()) {
            let is_lifted = path == "spec.selectableFields";
            let detail = match is_lifted {
                true => "may only be set when validations.schema is included",
                false => "may only be set when `version.schema.openAPIV3Schema` is not included",
            };
            errors.push(FieldError::invalid(path, "", detail));
            continue;
        }
        selectable(part, &path, schema, errors);
    }
}

/// Whether any schema has a default.
pub(super) fn have_defaults(spec: &Value) -> bool {
    fn has_default(schema: &Value) -> bool {
        let below = structural::properties(schema).map(|(_, property)| property);
        let others = [&schema["items"], &schema["additionalProperties"]];
        has(schema, "default") || below.chain(others).filter(|child| child.is_object()).any(has_default)
    }
    items(spec, "versions").any(|version| has_default(&version["schema"]["openAPIV3Schema"]))
}

/// A part of each version, or the one part that all have, under the name it then has.
fn places<'a>(versions: &[&'a Value], field: &str, lifted: &str) -> Vec<(String, &'a Value, &'a Value)> {
    let Some(first) = versions.first() else { return Vec::new() };
    if versions.iter().all(|version| version[field] == first[field]) {
        return vec![(format!("spec.{lifted}"), &first[field], first)];
    }
    let place = |(index, version): (usize, &&'a Value)| {
        (format!("spec.versions[{index}].{field}"), &version[field], *version)
    };
    versions.iter().enumerate().map(place).collect()
}

fn schema(schema: &Value, path: &str, has_status: bool, errors: &mut Vec<FieldError>) {
    if schema.is_null() {
        return;
    }
    if has_status {
        keywords::at_root(schema, path, errors);
    }
    if schema["nullable"] == true {
        errors.push(FieldError::forbidden(format!("{path}.nullable"), "nullable cannot be true at the root"));
    }
    let mut found = structural::validate(schema, path);
    if found.is_empty() {
        found = defaults::validate(schema, path);
    }
    let is_sound = found.is_empty();
    errors.extend(found);
    keywords::validate(schema, path, is_sound, errors);
}

fn scale(scale: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if scale.is_null() {
        return;
    }
    for (field, under) in [("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")] {
        let (value, path) = (text(scale, field), format!("{path}.{field}"));
        if value.is_empty() {
            errors.push(FieldError::required(path, ""));
        } else if !simple_path(value, &path, errors) && !value.starts_with(&format!("{under}.")) {
            errors.push(FieldError::invalid(path, value, format!("should be a json path under {under}")));
        }
    }
    let (value, path) = (text(scale, "labelSelectorPath"), format!("{path}.labelSelectorPath"));
    let is_inside = value.starts_with(".spec.") || value.starts_with(".status.");
    if !value.is_empty() && !simple_path(value, &path, errors) && !is_inside {
        let detail = "should be a json path under either .spec or .status";
        errors.push(FieldError::invalid(path, value, detail));
    }
}

/// Whether a mistake was found.
fn simple_path(value: &str, path: &str, errors: &mut Vec<FieldError>) -> bool {
    let is_wrong = !value.starts_with('.');
    if is_wrong {
        let detail = "must be a simple json path starting with .";
        errors.push(FieldError::invalid(path, value, detail));
    }
    is_wrong
}

fn column(column: &Value, path: &str, errors: &mut Vec<FieldError>) {
    const TYPES: &str = "boolean,date,integer,number,string";
    const FORMATS: &str = "byte,date,date-time,double,float,int32,int64,password";
    if text(column, "name").is_empty() {
        errors.push(FieldError::required(format!("{path}.name"), ""));
    }
    let (kind, format) = (text(column, "type"), text(column, "format"));
    if kind.is_empty() {
        errors.push(FieldError::required(format!("{path}.type"), format!("must be one of {TYPES}")));
    } else if TYPES.split(',').all(|known| known != kind) {
        errors.push(FieldError::invalid(format!("{path}.type"), kind, format!("must be one of {TYPES}")));
    }
    if !format.is_empty() && FORMATS.split(',').all(|known| known != format) {
        let detail = format!("must be one of {FORMATS}");
        errors.push(FieldError::invalid(format!("{path}.format"), format, detail));
    }
    let (value, path) = (text(column, "jsonPath"), format!("{path}.JSONPath"));
    if value.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else {
        simple_path(value, &path, errors);
    }
}

fn selectable(fields: &Value, path: &str, schema: &Value, errors: &mut Vec<FieldError>) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, field) in fields.as_array().into_iter().flatten().enumerate() {
        let (value, path) = (text(field, "jsonPath"), format!("{path}[{index}].jsonPath"));
        if value.is_empty() {
            errors.push(FieldError::required(path, ""));
            continue;
        }
        let found = match keywords::field_at(schema, value, false) {
            Ok(found) => found,
            Err(problem) => {
                let detail = format!("is an invalid path: {problem}");
                errors.push(FieldError::invalid(path, value, detail));
                continue;
            }
        };
        if value == ".metadata" || value.starts_with(".metadata.") {
            errors.push(FieldError::invalid(&*path, value, "must not point to fields in metadata"));
        }
        if !matches!(text(found, "type"), "string" | "boolean" | "integer") {
            let detail = "must point to a field of type string, boolean or integer. Enum string fields and strings \
                          with formats are allowed.";
            errors.push(FieldError::invalid(&*path, value, detail));
        }
        if seen.contains(&value) {
            errors.push(FieldError::duplicate(path, value));
        } else {
            seen.push(value);
        }
    }
    if seen.len() > MOST_SELECTABLE {
        errors.push(FieldError::too_many(path, seen.len(), MOST_SELECTABLE));
    }
}
