//! Quantities (`500m`, `1Gi`) as `k8s.io/apimachinery/pkg/api/resource` reads and writes them.
//!
//! Used where Go would decode a `resource.Quantity`; knows numbers only, not what they measure.

use std::cmp::Ordering;

pub const WRONG_FORMAT: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_SUFFIX: &str = "unable to parse quantity's suffix";
const WRONG_NUMBER: &str = "unable to parse numeric part of quantity";

const NANO: i128 = 1_000_000_000;
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Decimal,
    Binary,
    Exponent,
}

/// An amount in billionths, with the way it was written.
#[derive(Clone, Debug)]
pub struct Quantity {
    nanos: i128,
    format: Format,
    /// The text itself where Go keeps it.
    text: Option<String>,
}

/// The parts of the text: sign, digits before and after the dot, suffix.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

fn split(text: &str) -> Result<Parts<'_>, &'static str> {
    let negative = text.starts_with('-');
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = rest.split_at(digits(rest));
    let whole = whole.trim_start_matches('0');
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(after) => after.split_at(digits(after)),
        None => ("", rest),
    };
    let letters = suffix.bytes().take_while(|byte| b"eEinumkKMGTP".contains(byte)).count();
    let number = &suffix[letters..];
    let number = number.strip_prefix(['-', '+']).unwrap_or(number);
    if text.is_empty() || digits(number) != number.len() {
        return Err(WRONG_FORMAT);
    }
    Ok(Parts { negative, whole: if whole.is_empty() { "0" } else { whole }, fraction, suffix })
}

fn interpret(suffix: &str) -> Result<(Format, i32), &'static str> {
    if let Some(place) = DECIMAL.iter().position(|known| *known == suffix) {
        return Ok((Format::Decimal, (place as i32 - 3) * 3));
    }
    if let Some(place) = BINARY.iter().position(|known| *known == suffix) {
        return Ok((Format::Binary, place as i32 * 10));
    }
    match suffix.strip_prefix(['e', 'E']).and_then(|number| number.parse::<i32>().ok()) {
        Some(exponent) => Ok((Format::Exponent, exponent)),
        None => Err(WRONG_SUFFIX),
    }
}

/// Divides away from zero.
fn divide_up(value: i128, by: i128) -> i128 {
    value / by + i128::from(value % by != 0)
}

impl Quantity {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let parts = split(text)?;
        let (format, exponent) = interpret(parts.suffix)?;
        let digits = format!("{}{}", parts.whole, parts.fraction);
        let keeps = keeps_text(&parts, &digits, format, exponent);
        let nanos = amount(&parts, &digits, format, exponent)?;
        let nanos = if parts.negative { -nanos } else { nanos };
        // Less than one of anything is shown in thousandths, not in binary.
        let format = match format {
            Format::Binary if nanos > 0 && nanos < NANO => Format::Decimal,
            format => format,
        };
        Ok(Self { nanos, format, text: keeps.then(|| text.to_owned()) })
    }

    /// Rounds up to thousandths, as resource lists are.
    pub fn round_up_to_milli(mut self) -> Self {
        const MILLI: i128 = NANO / 1000;
        if self.nanos % MILLI != 0 {
            let sign = self.nanos.signum();
            self.nanos = sign * divide_up(self.nanos.abs(), MILLI) * MILLI;
            self.text = None;
        }
        self
    }

    /// Adds another amount, exactly. The way of writing stays that of the first amount that is not zero.
    pub fn add(&mut self, other: &Self) {
        if self.nanos == 0 {
            self.format = other.format;
        }
        self.nanos = self.nanos.saturating_add(other.nanos);
        self.text = None;
    }

    pub fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    pub fn is_whole(&self) -> bool {
        self.nanos % NANO == 0
    }

    pub fn compare(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }

    /// The canonical text.
    pub fn shown(&self) -> String {
        if self.nanos == 0 {
            return "0".to_owned();
        }
        if let Some(text) = &self.text {
            return text.clone();
        }
        if self.format == Format::Binary && self.nanos.abs() >= 1024 * NANO && self.is_whole() {
            let (value, place) = without(self.nanos / NANO, 1024, BINARY.len() - 1);
            return format!("{value}{}", BINARY[place]);
        }
        let (value, place) = without(self.nanos, 1000, DECIMAL.len() - 1);
        match (self.format, place) {
            (Format::Exponent, 3) => value.to_string(),
            (Format::Exponent, place) => format!("{value}e{}", (place as i32 - 3) * 3),
            (_, place) => format!("{value}{}", DECIMAL[place]),
        }
    }
}

/// Divides by `factor` as often as nothing is lost.
fn without(mut value: i128, factor: i128, most: usize) -> (i128, usize) {
    let mut times = 0;
    while times < most && value % factor == 0 {
        value /= factor;
        times += 1;
    }
    (value, times)
}

fn amount(parts: &Parts<'_>, digits: &str, format: Format, exponent: i32) -> Result<i128, &'static str> {
    const MOST: i128 = i64::MAX as i128 * NANO;
    let mut value: i128 = digits.parse().map_err(|_| WRONG_NUMBER)?;
    let mut scale = 9 - parts.fraction.len() as i32;
    match format {
        Format::Binary => value = value.saturating_mul(1_i128 << exponent),
        Format::Decimal | Format::Exponent => scale = scale.saturating_add(exponent),
    }
    for _ in 0..scale.clamp(0, 60) {
        value = value.saturating_mul(10);
    }
    for _ in scale.clamp(-60, 0)..0 {
        value = divide_up(value, 10);
    }
    Ok(value.min(MOST))
}

/// Whether Go keeps the text because it is canonical enough.
fn keeps_text(parts: &Parts<'_>, digits: &str, format: Format, exponent: i32) -> bool {
    match format {
        Format::Binary => {
            let precision = 15 - parts.whole.len() as i32 - exponent * 3 / 10 - 1;
            let last = parts.whole.parse::<i64>().is_ok_and(|value| value & 7 != 0);
            parts.fraction.is_empty() && precision >= 0 && last
        }
        Format::Decimal | Format::Exponent => {
            let scale = exponent.saturating_sub(parts.fraction.len() as i32);
            let fits = digits.len() <= 18 && scale >= -9 && scale % 3 == 0;
            fits && !digits.ends_with("000") && !digits.starts_with('0')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn texts_are_canonical_as_those_of_go() {
        for (text, canonical) in [
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("0.1Gi", "107374182400m"),
            ("1500", "1500"),
            ("1000", "1k"),
            ("0", "0"),
            ("0Mi", "0"),
            ("100Mi", "100Mi"),
            ("512", "512"),
            ("1e3", "1e3"),
            ("1000e3", "1e6"),
            ("0.0001", "100u"),
            ("-5", "-5"),
            ("1Ki", "1Ki"),
            ("8Ki", "8Ki"),
            (".5", "500m"),
        ] {
            assert_eq!(Quantity::parse(text).unwrap().shown(), canonical, "{text}");
        }
        assert_eq!(Quantity::parse("0.0001").unwrap().round_up_to_milli().shown(), "1m");
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, error) in [
            ("", super::WRONG_FORMAT),
            ("abc", super::WRONG_FORMAT),
            ("1x", super::WRONG_FORMAT),
            ("1mi", super::WRONG_SUFFIX),
        ] {
            assert_eq!(Quantity::parse(text).unwrap_err(), error, "{text}");
        }
    }
}
