//! The options of a write, decoded from the query or, for a deletion, from the body.

use serde_json::Value;

use crate::apiserver::{
    field::FieldError,
    request::{Query, ResourceRequest, Verb},
    status::ApiError,
};

/// What happens to fields that the schema does not know, or that are there twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    pub dry_run: bool,
    pub field_validation: FieldValidation,
    /// The manager of the fields that are written.
    pub manager: String,
    pub force: bool,
}

impl WriteOptions {
    /// 422 for values that are not known. `apply`: the body is an apply patch.
    pub fn parse(request: &ResourceRequest, apply: bool) -> Result<Self, ApiError> {
        let query = request.query();
        let mut faults = Vec::new();
        let manager = query.get("fieldManager").unwrap_or_default();
        match query.flag("force") {
            Some(_) if request.verb == Verb::Patch && !apply => {
                faults.push(FieldError::forbidden("force", "may not be specified for non-apply patch"));
            }
            _ if apply && manager.is_empty() => {
                faults.push(FieldError::required("fieldManager", "is required for apply patch"));
            }
            _ => {}
        }
        faults.extend(manager_faults(manager));
        let dry_run = dry_run(query.all("dryRun"), &mut faults);
        let field_validation = match query.get("fieldValidation").unwrap_or_default() {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                let known = ["", "Ignore", "Strict", "Warn"];
                faults.push(FieldError::not_supported("fieldValidation", other, &known));
                FieldValidation::Warn
            }
        };
        let kind = match request.verb {
            Verb::Create => "CreateOptions",
            Verb::Patch => "PatchOptions",
            _ => "UpdateOptions",
        };
        refuse(kind, faults)?;
        let manager = if manager.is_empty() { user_agent(request) } else { manager.to_owned() };
        Ok(Self { dry_run, field_validation, manager, force: query.flag("force").unwrap_or(false) })
    }
}

/// `User-Agent` up to its version, as upstream names managers that do not name themselves.
fn user_agent(request: &ResourceRequest) -> String {
    let agent = request.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    let name = agent.unwrap_or_default().split('/').next().unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).take(128).collect()
}

fn manager_faults(manager: &str) -> Vec<FieldError> {
    let mut faults = Vec::new();
    if manager.len() > 128 {
        faults.push(FieldError::too_long("fieldManager", 128));
    }
    let control = manager.char_indices().find(|(_, c)| c.is_control());
    if let Some((at, c)) = control {
        let why = format!("invalid character U+{:04X} (at position {at})", u32::from(c));
        faults.push(FieldError::invalid("fieldManager", manager, why));
    }
    faults
}

fn dry_run<'a>(values: impl Iterator<Item = &'a str>, faults: &mut Vec<FieldError>) -> bool {
    let values: Vec<_> = values.collect();
    if values.iter().any(|value| *value != "All") {
        faults.push(FieldError::not_supported("dryRun", values.clone(), &["All"]));
    }
    values.contains(&"All")
}

fn refuse(kind: &str, faults: Vec<FieldError>) -> Result<(), ApiError> {
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid("meta.k8s.io", kind, "", &faults)) }
}

/// What happens to the objects an object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    Orphan,
    Background,
    Foreground,
}

#[derive(Clone, Debug, Default)]
pub struct DeleteOptions {
    pub dry_run: bool,
    pub propagation: Option<Propagation>,
    /// `orphanDependents: false` was said, the old word for a cascade.
    pub cascade: bool,
    pub uid: Option<String>,
    pub resource_version: Option<String>,
}

impl DeleteOptions {
    /// From the body where there is one, else from the query.
    pub fn parse(query: &Query, body: Option<&Value>) -> Result<Self, ApiError> {
        let mut faults = Vec::new();
        let from_query;
        let given = match body {
            Some(body) => body,
            None => {
                from_query = Self::of_query(query);
                &from_query
            }
        };
        let grace = &given["gracePeriodSeconds"];
        if !grace.is_null() && !grace.is_i64() {
            return Err(ApiError::bad_request(
                "json: cannot unmarshal into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
            ));
        }
        let dry_runs = given["dryRun"].as_array().map(Vec::as_slice).unwrap_or_default();
        let dry_run = dry_run(dry_runs.iter().filter_map(Value::as_str), &mut faults);
        let policy = given["propagationPolicy"].as_str();
        let orphan = given["orphanDependents"].as_bool();
        if policy.is_some() && orphan.is_some() {
            faults.push(FieldError::invalid(
                "propagationPolicy",
                policy.unwrap_or_default(),
                "orphanDependents and deletionPropagation cannot be both set",
            ));
        }
        let propagation = match policy {
            Some("Orphan") => Some(Propagation::Orphan),
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some(other) => {
                let known = ["Foreground", "Background", "Orphan", "nil"];
                faults.push(FieldError::not_supported("propagationPolicy", other, &known));
                None
            }
            None => orphan.map(|orphan| if orphan { Propagation::Orphan } else { Propagation::Background }),
        };
        refuse("DeleteOptions", faults)?;
        let precondition = |field: &str| given["preconditions"][field].as_str().map(str::to_owned);
        Ok(Self {
            dry_run,
            propagation,
            cascade: orphan == Some(false),
            uid: precondition("uid"),
            resource_version: precondition("resourceVersion"),
        })
    }

    fn of_query(query: &Query) -> Value {
        let mut given = serde_json::Map::new();
        let dry_runs: Vec<_> = query.all("dryRun").map(Value::from).collect();
        if !dry_runs.is_empty() {
            given.insert("dryRun".into(), dry_runs.into());
        }
        if let Some(policy) = query.get("propagationPolicy").filter(|policy| !policy.is_empty()) {
            given.insert("propagationPolicy".into(), policy.into());
        }
        if let Some(orphan) = query.flag("orphanDependents") {
            given.insert("orphanDependents".into(), orphan.into());
        }
        Value::Object(given)
    }
}
