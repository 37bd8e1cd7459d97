//! Limits of numbers.

use serde_json::{Number, Value};

use super::outcome::{Check, shown};
use crate::apiserver::schema::{Schema, Type, Validations};

impl Schema {
    pub(super) fn check_number(&self, number: &Number, check: &mut Check<'_>) {
        check.outcome.checks += 2;
        self.check_range(number, check);
        let Some(validations) = &self.validations else { return };
        if let Some(factor) = validations.multiple_of {
            check_factor(number, factor, check);
        }
        check_minimum(number, validations, check);
        check_maximum(number, validations, check);
    }

    /// Whether the number fits its type and format.
    fn check_range(&self, number: &Number, check: &mut Check<'_>) {
        let format = self.validations.as_ref().map_or("", |validations| &validations.format);
        let (name, fits) = match (self.kind, format) {
            _ if self.int_or_string => return,
            (Type::Integer, "int32") => ("integer", whole(number).is_some_and(|n| i32::try_from(n).is_ok())),
            (Type::Integer, _) => ("integer", whole(number).is_some()),
            (Type::Number, "float") => ("number", float(number).abs() <= f64::from(f32::MAX)),
            _ => return,
        };
        if fits {
            return;
        }
        let format =
            if format.is_empty() { "(default format)".to_owned() } else { format!("with format {format}") };
        check.of_whole(format!("Checked value must be of type {name} {format} in {}", check.path));
    }
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::MAX)
}

/// The number as an integer, if it is one of 64 bits.
fn whole(number: &Number) -> Option<i64> {
    let float = float(number);
    number.as_i64().or_else(|| (float.fract() == 0.0 && float.abs() < 9.2e18).then_some(float as i64))
}

/// Integers are compared with the limit cut to an integer, floats with the limit itself.
fn exceeds(number: &Number, limit: f64, exclusive: bool, sign: i8) -> bool {
    let order = match number.as_i64() {
        Some(number) => number.cmp(&(limit as i64)),
        None => float(number).total_cmp(&limit),
    };
    let order = if sign < 0 { order.reverse() } else { order };
    order.is_gt() || (exclusive && order.is_eq())
}

fn limit_text(number: &Number, limit: f64) -> String {
    if number.is_i64() { (limit as i64).to_string() } else { go_float(limit) }
}

fn check_minimum(number: &Number, validations: &Validations, check: &mut Check<'_>) {
    let Some(least) = validations.minimum else { return };
    if !exceeds(number, least, validations.exclusive_minimum, -1) {
        return;
    }
    let relation = if validations.exclusive_minimum { "greater than" } else { "greater than or equal to" };
    let value = shown(&Value::Number(number.clone()));
    check.invalid(value, &format!("should be {relation} {}", limit_text(number, least)));
}

fn check_maximum(number: &Number, validations: &Validations, check: &mut Check<'_>) {
    let Some(most) = validations.maximum else { return };
    if !exceeds(number, most, validations.exclusive_maximum, 1) {
        return;
    }
    let relation = if validations.exclusive_maximum { "less than" } else { "less than or equal to" };
    let value = shown(&Value::Number(number.clone()));
    check.invalid(value, &format!("should be {relation} {}", limit_text(number, most)));
}

fn check_factor(number: &Number, factor: f64, check: &mut Check<'_>) {
    let factor = if number.is_i64() { factor.trunc() } else { factor };
    if factor <= 0.0 {
        let text = go_float(factor);
        let sentence = format!("factor MultipleOf declared for {} must be positive: {text}", check.path);
        return check.error(crate::apiserver::field::FieldError::invalid(
            check.path_text(),
            shown(&Value::from(factor)),
            sentence,
        ));
    }
    let is_multiple = match number.as_i64() {
        Some(number) => number % (factor as i64) == 0,
        None if factor < 1.0 => (1.0 / factor * float(number)).fract() == 0.0,
        None => (float(number) / factor).fract() == 0.0,
    };
    if !is_multiple {
        let value = shown(&Value::Number(number.clone()));
        check.invalid(value, &format!("should be a multiple of {}", go_float(factor)));
    }
}

/// `%v` of a float in Go.
pub(super) fn go_float(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-4..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}
