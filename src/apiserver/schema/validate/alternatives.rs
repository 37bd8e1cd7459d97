//! `anyOf`, `oneOf`, `allOf` and `not`.

use serde_json::Value;

use super::outcome::{Check, Outcome};
use crate::apiserver::schema::{Schema, Validations};

impl Schema {
    pub(super) fn check_alternatives(&self, value: &Value, old: Option<&Value>, check: &mut Check<'_>) {
        check.outcome.checks += 1;
        let Some(validations) = &self.validations else { return };
        any_of(validations, value, old, check);
        one_of(validations, value, old, check);
        all_of(validations, value, old, check);
        if let Some(not) = &validations.not
            && not.node(value, old, check.path).is_valid()
        {
            check.of_whole(format!("{:?} must not validate the schema (not)", check.path.to_string()));
        }
    }
}

fn any_of(validations: &Validations, value: &Value, old: Option<&Value>, check: &mut Check<'_>) {
    let mut best: Option<Outcome> = None;
    for schema in &validations.any_of {
        let outcome = schema.node(value, old, check.path);
        if outcome.is_valid() {
            return check.outcome.merge(outcome);
        }
        keep_better(&mut best, outcome);
    }
    if let Some(best) = best {
        let path = check.path.to_string();
        check.of_whole(format!("{path:?} must validate at least one schema (anyOf)"));
        check.outcome.merge(best);
    }
}

fn one_of(validations: &Validations, value: &Value, old: Option<&Value>, check: &mut Check<'_>) {
    if validations.one_of.is_empty() {
        return;
    }
    let (mut best, mut first, mut valid) = (None, None, 0);
    for schema in &validations.one_of {
        let outcome = schema.node(value, old, check.path);
        if outcome.is_valid() {
            valid += 1;
            best = None;
            first.get_or_insert(outcome);
        } else if valid == 0 {
            keep_better(&mut best, outcome);
        }
    }
    if valid == 1 {
        return first.into_iter().for_each(|outcome| check.outcome.merge(outcome));
    }
    let found =
        if valid == 0 { "Found none valid".to_owned() } else { format!("Found {valid} valid alternatives") };
    let path = check.path.to_string();
    check.of_whole(format!("{path:?} must validate one and only one schema (oneOf). {found}"));
    best.into_iter().for_each(|outcome| check.outcome.merge(outcome));
}

fn all_of(validations: &Validations, value: &Value, old: Option<&Value>, check: &mut Check<'_>) {
    let mut valid = 0;
    for schema in &validations.all_of {
        let outcome = schema.node(value, old, check.path);
        valid += usize::from(outcome.is_valid());
        check.outcome.merge(outcome);
    }
    if valid != validations.all_of.len() {
        let none = if valid == 0 { ". None validated" } else { "" };
        let path = check.path.to_string();
        check.of_whole(format!("{path:?} must validate all the schemas (allOf){none}"));
    }
}

/// The first of those with the most checks.
fn keep_better(best: &mut Option<Outcome>, outcome: Outcome) {
    if best.as_ref().is_none_or(|best| outcome.checks > best.checks) {
        *best = Some(outcome);
    }
}
