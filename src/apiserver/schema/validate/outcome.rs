//! What one walk has found so far.

use serde_json::Value;

use crate::apiserver::{
    field::{FieldError, FieldErrorKind},
    schema::path::Path,
};

/// How Go writes the path of the whole object.
pub(super) const NO_PATH: &str = "<nil>";

#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    errors: Vec<Found>,
    /// How many checks were made.
    pub(super) checks: usize,
}

/// A mistake, and the whole sentence by which equal ones are known.
#[derive(Clone, Debug)]
struct Found {
    sentence: String,
    error: FieldError,
}

impl Outcome {
    pub(super) fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    pub(super) fn without_errors(self) -> Self {
        Self { errors: Vec::new(), checks: self.checks }
    }

    pub(super) fn merge(&mut self, other: Outcome) {
        self.checks += other.checks;
        other.errors.into_iter().for_each(|found| self.add(found));
    }

    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.errors.into_iter().map(|found| found.error).collect()
    }

    fn add(&mut self, found: Found) {
        if self.errors.iter().all(|known| known.sentence != found.sentence) {
            self.errors.push(found);
        }
    }
}

/// An outcome in the making, and where it is.
pub(super) struct Check<'a> {
    pub(super) path: &'a Path<'a>,
    pub(super) outcome: Outcome,
}

impl<'a> Check<'a> {
    pub(super) fn new(path: &'a Path<'a>) -> Self {
        Self { path, outcome: Outcome::default() }
    }

    /// `… in body should match 'x'`
    pub(super) fn invalid(&mut self, value: impl Into<Value>, rule: &str) {
        let sentence = format!("{} in body {rule}", self.path);
        self.add(FieldErrorKind::Invalid(value.into()), sentence.clone(), sentence);
    }

    /// `… in body must be of type integer: "string"`
    pub(super) fn wrong_type(&mut self, expected: &str, actual: &str) {
        let sentence = format!("{} in body must be of type {expected}: {actual:?}", self.path);
        self.add(FieldErrorKind::TypeInvalid(actual.into()), sentence.clone(), sentence);
    }

    pub(super) fn unsupported(&mut self, value: &Value, supported: Vec<String>) {
        let sentence = format!("{} in body should be one of {supported:?}", self.path);
        self.add(FieldErrorKind::NotSupported(shown(value), supported), String::new(), sentence);
    }

    /// A ready-made error of the value itself.
    pub(super) fn error(&mut self, error: FieldError) {
        let sentence = error.to_string();
        self.add_at(error.path, error.kind, error.detail, sentence);
    }

    /// What upstream says of the whole object, wherever it was found.
    pub(super) fn of_whole(&mut self, sentence: String) {
        self.add_at(NO_PATH.to_owned(), FieldErrorKind::Invalid("".into()), sentence.clone(), sentence);
    }

    pub(super) fn path_text(&self) -> String {
        if self.path.is_root() { NO_PATH.to_owned() } else { self.path.to_string() }
    }

    fn add(&mut self, kind: FieldErrorKind, detail: String, sentence: String) {
        let path = self.path_text();
        self.add_at(path, kind, detail, sentence);
    }

    fn add_at(&mut self, path: String, kind: FieldErrorKind, detail: String, sentence: String) {
        self.outcome.add(Found { sentence, error: FieldError { path, kind, detail } });
    }
}

/// A value as errors carry it: whole floats as Go prints them.
pub(super) fn shown(value: &Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() && number.fract() == 0.0 && number.abs() < 9e15 => {
            Value::from(number as i64)
        }
        _ => value.clone(),
    }
}
