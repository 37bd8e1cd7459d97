//! POST to a collection.

use http::StatusCode;
use rand::RngExt;
use serde_json::{Value, json};

use super::{
    Registry, errors,
    input::Input,
    meta,
    options::WriteOptions,
    store::{Change, Refused},
};
use crate::apiserver::{
    field::FieldError,
    managed_fields, object_meta,
    request::ResourceRequest,
    status::ApiError,
    storage::{Answer, Written},
};

/// Letters and digits that make no words, as upstream's names end with.
const SUFFIX_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH: usize = 5;
const LONGEST_BASE: usize = 63 - SUFFIX_LENGTH;
/// How often a generated name is tried.
const NAME_TRIES: usize = 8;

impl Registry {
    pub(super) fn create(&self, request: &ResourceRequest) -> Result<Written, ApiError> {
        let options = WriteOptions::parse(request, false)?;
        let Input { mut object, warnings } = self.input(request, options.field_validation)?;
        self.place(&mut object, request)?;
        for field in ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"] {
            meta::set(&mut object, field, Value::Null);
        }
        managed_fields::on_update(&self.managed(&options, ""), None, &mut object);
        if let Some(answer) = self.store.answer(request, &object) {
            return Ok(Written { code: StatusCode::CREATED, answer: Answer::Json(answer?), warnings });
        }
        self.insert(request, object, options.dry_run, warnings)
    }

    /// Stores a new object whose managed fields are settled.
    pub(super) fn insert(
        &self,
        request: &ResourceRequest,
        mut object: Value,
        dry_run: bool,
        mut warnings: Vec<String>,
    ) -> Result<Written, ApiError> {
        let info = self.strategy.info();
        let given = meta::text(&object, "name").to_owned();
        if info.namespaced {
            self.store.admit(request.scope(), request.namespace(), &given)?;
        }
        self.store.permit(request, &object, None)?;
        if !matches!(meta::text(&object, "resourceVersion"), "" | "0") {
            return Err(ApiError::server("resourceVersion should not be set on objects to be created"));
        }
        self.new_metadata(&mut object);
        if self.strategy.has_status()
            && let Some(members) = object.as_object_mut()
        {
            members.remove("status");
        }
        self.strategy.default(&mut object);
        self.strategy.prepare_create(&mut object);
        self.store.prepare(request, &mut object);
        let base = meta::text(&object, "generateName").to_owned();
        for attempt in 1.. {
            if given.is_empty() && !base.is_empty() {
                meta::set(&mut object, "name", generated(&base).into());
                // What follows from the name.
                self.strategy.default(&mut object);
            }
            self.check_new(&object)?;
            let key = self.key(request, meta::text(&object, "name"));
            let made = if dry_run {
                let snapshot = self.store.snapshot(request.scope())?;
                snapshot
                    .get(&key)
                    .cloned()
                    .map_or(Ok(Answer::Json(self.store.shown(request.scope(), object.clone()))), |there| {
                        Err(Refused::Exists(there))
                    })
            } else {
                self.store.commit(request.scope(), &key, Change::Create(object.clone())).map(Answer::Object)
            };
            match made {
                Ok(answer) => {
                    warnings.extend(self.strategy.warnings(&object, None));
                    return Ok(Written { code: StatusCode::CREATED, answer, warnings });
                }
                Err(Refused::Exists(_)) if given.is_empty() && attempt < NAME_TRIES => {}
                Err(Refused::Exists(there)) => {
                    let deleting = meta::is_deleting(&self.store.value(&there));
                    let mut error = errors::already_exists(info, &key.name, deleting);
                    if given.is_empty() {
                        error
                            .message
                            .push_str(", the server was not able to generate a unique name for the object");
                        error = error.retry_after(1);
                    }
                    return Err(error);
                }
                Err(Refused::Other(error)) => return Err(error),
                Err(Refused::Missing | Refused::Changed) => return Err(ApiError::internal()),
            }
        }
        Err(ApiError::internal())
    }

    /// What only the server says of a new object.
    fn new_metadata(&self, object: &mut Value) {
        for field in
            ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"]
        {
            meta::set(object, field, Value::Null);
        }
        meta::set(object, "uid", uuid::Uuid::new_v4().to_string().into());
        meta::set(object, "creationTimestamp", meta::now().into());
        if self.strategy.has_generation() {
            meta::set(object, "generation", json!(1));
        }
    }

    fn check_new(&self, object: &Value) -> Result<(), ApiError> {
        let info = self.strategy.info();
        let mut faults: Vec<FieldError> =
            object_meta::validate(&object["metadata"], info.namespaced, self.strategy.name_rule());
        faults.extend(self.strategy.validate(object));
        self.refuse(meta::text(object, "name"), &faults)
    }

    /// 422 with the faults, if there are any.
    pub(super) fn refuse(&self, name: &str, faults: &[FieldError]) -> Result<(), ApiError> {
        let info = self.strategy.info();
        if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(&info.group, &info.kind, name, faults)) }
    }
}

fn generated(base: &str) -> String {
    let mut name: String = base.chars().take(LONGEST_BASE).collect();
    let mut random = rand::rng();
    for _ in 0..SUFFIX_LENGTH {
        name.push(char::from(SUFFIX_ALPHABET[random.random_range(0..SUFFIX_ALPHABET.len())]));
    }
    name
}
