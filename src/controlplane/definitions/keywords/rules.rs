//! `x-kubernetes-validations` of a definition: well written, and compiled.

use serde_json::Value;

use super::paths::field_at;
use crate::{
    apiserver::{
        field::FieldError,
        schema::{
            Schema,
            rules::{self, RuleError},
        },
    },
    controlplane::definitions::{
        structural::{is_set, properties},
        words::{has, items, text},
    },
};

const KEYWORD: &str = "x-kubernetes-validations";
const REASONS: [&str; 4] =
    ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
/// How many rules one schema may have: they are all asked at every write.
const MOST_RULES: usize = 1000;

/// What is wrong with the rules of one node, apart from the language they are in.
pub(super) fn validate(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for (index, rule) in items(schema, KEYWORD).enumerate() {
        let path = format!("{path}.{KEYWORD}[{index}]");
        message(rule, &path, errors);
        if has(rule, "messageExpression") && is_blank(rule, "messageExpression") {
            let detail = "messageExpression must be non-empty if specified";
            errors.push(FieldError::required(format!("{path}.messageExpression"), detail));
        }
        let reason = text(rule, "reason");
        if has(rule, "reason") && !REASONS.contains(&reason) {
            errors.push(FieldError::not_supported(format!("{path}.reason"), reason, &REASONS));
        }
        field_path(rule, schema, &path, errors);
    }
}

fn is_blank(rule: &Value, field: &str) -> bool {
    text(rule, field).trim().is_empty() && !text(rule, field).is_empty()
}

fn message(rule: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let (expression, message) = (text(rule, "rule").trim(), text(rule, "message"));
    let message_path = format!("{path}.message");
    if expression.is_empty() {
        errors.push(FieldError::required(format!("{path}.rule"), "rule is not specified"));
    } else if is_blank(rule, "message") {
        errors.push(FieldError::invalid(message_path, message, "must be non-empty if specified"));
    } else if message.trim().contains('\n') {
        errors.push(FieldError::invalid(message_path, message, "must not contain line breaks"));
    } else if expression.contains('\n') && message.is_empty() {
        let detail = "message must be specified if rule contains line breaks";
        errors.push(FieldError::required(message_path, detail));
    }
}

fn field_path(rule: &Value, schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let value = text(rule, "fieldPath");
    let mut wrong =
        |detail: &str| errors.push(FieldError::invalid(format!("{path}.fieldPath"), value, detail));
    if value.is_empty() {
        return;
    }
    if is_blank(rule, "fieldPath") {
        wrong("must be non-empty if specified");
    }
    if value.contains('\n') {
        wrong("must not contain line breaks");
    }
    if field_at(schema, value, true).is_err() {
        wrong("must be a valid path");
    }
}

/// Whether the rules of one node can be evaluated. `uncorrelatable` is where old values stop being known.
pub(super) fn compile(
    schema: &Value,
    path: &str,
    is_root: bool,
    uncorrelatable: Option<&str>,
    errors: &mut Vec<FieldError>,
) {
    if items(schema, KEYWORD).next().is_none() {
        return;
    }
    let Ok(parsed) = Schema::parse_plain(schema) else { return };
    let is_object = is_root || is_set(schema, "x-kubernetes-embedded-resource");
    let rules = parsed.validations.iter().flat_map(|validations| &validations.rules);
    for (index, (rule, written)) in rules.zip(items(schema, KEYWORD)).enumerate() {
        let path = format!("{path}.{KEYWORD}[{index}]");
        let uses_old_self = match rules::check_rule(rule, &parsed, is_object) {
            Ok(uses_old_self) => uses_old_self,
            Err(error) => {
                errors.push(refused(&error, written, &path));
                continue;
            }
        };
        if let Some(place) = uncorrelatable.filter(|_| uses_old_self) {
            let detail =
                format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {place}");
            errors.push(FieldError::invalid(format!("{path}.rule"), rule.rule.as_str(), detail));
        } else if let Some(optional) = rule.optional_old_self.filter(|_| !uses_old_self) {
            let detail = "may not be set if oldSelf is not used in rule";
            errors.push(FieldError::invalid(format!("{path}.optionalOldSelf"), optional, detail));
        }
    }
}

fn refused(error: &RuleError, rule: &Value, path: &str) -> FieldError {
    // Go's names and order: upstream shows its own type here.
    let quoted = |field: &str| Value::from(text(rule, field));
    let shown = format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\"OptionalOldSelf\":{}}}",
        quoted("rule"),
        quoted("message"),
        quoted("messageExpression"),
        rule["reason"],
        quoted("fieldPath"),
        rule["optionalOldSelf"],
    );
    let field = if error.in_message { "messageExpression" } else { "rule" };
    FieldError::invalid_shown(format!("{path}.{field}"), shown, &*error.problem)
}

/// Whether there are more rules than every write may be asked about.
pub(super) fn validate_budget(schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let count = count(schema);
    if count > MOST_RULES {
        let detail =
            format!("has {count} validation rules, this control plane evaluates at most {MOST_RULES}");
        errors.push(FieldError::forbidden(path, detail));
    }
}

fn count(schema: &Value) -> usize {
    let below = properties(schema).map(|(_, property)| property);
    let of_map = [&schema["items"], &schema["additionalProperties"]];
    let below: usize = below.chain(of_map).filter(|child| child.is_object()).map(count).sum();
    items(schema, KEYWORD).count() + below
}
