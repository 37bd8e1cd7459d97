//! Whether two scalars mean the same.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::layout::Form;
use crate::apiserver::{managed_fields::path::Scalar, quantity::Quantity};

pub(super) fn means_the_same(desired: &Value, live: &Value, form: Form) -> bool {
    match (desired, live) {
        // Whatever their form: `1` and `1.0`.
        (Value::Number(_), Value::Number(_)) if Scalar(desired.clone()) == Scalar(live.clone()) => {
            return true;
        }
        _ if desired == live => return true,
        _ => {}
    }
    let both = || Some((text(desired)?, text(live)?));
    match form {
        Form::Plain => Some(false),
        Form::IntOrString => both().map(|(desired, live)| desired == live),
        Form::Quantity => both().and_then(|(desired, live)| quantities_equal(&desired, &live)),
        Form::Base64 => both().and_then(|(desired, live)| Some(decoded(&desired)? == decoded(&live)?)),
        Form::Duration => both().and_then(|(desired, live)| Some(duration(&desired)? == duration(&live)?)),
    }
    .unwrap_or(false)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Resource lists are rounded up to thousandths when they are stored.
fn quantities_equal(desired: &str, live: &str) -> Option<bool> {
    let (desired, live) = (Quantity::parse(desired).ok()?, Quantity::parse(live).ok()?);
    Some(desired.compare(&live).is_eq() || desired.round_up_to_milli().compare(&live).is_eq())
}

/// Bytes from base64 as Go reads it: over several lines if need be.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect();
    STANDARD.decode(text).ok()
}

/// Nanoseconds of a duration as Go writes it: `1h30m`, `1.5s`.
fn duration(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut sum: i128 = 0;
    while !rest.is_empty() {
        let (number, after) = split_while(rest, |letter| letter.is_ascii_digit() || letter == '.');
        let (unit, after) = split_while(after, |letter| !letter.is_ascii_digit() && letter != '.');
        sum = sum.checked_add(nanoseconds(number, unit)?)?;
        rest = after;
    }
    Some(sign * sum)
}

fn nanoseconds(number: &str, unit: &str) -> Option<i128> {
    let unit: i128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || fraction.len() > 18 {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok() };
    let part = digits(fraction)?.checked_mul(unit)? / 10_i128.pow(fraction.len() as u32);
    digits(whole)?.checked_mul(unit)?.checked_add(part)
}

fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|letter| !belongs(letter)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests;
