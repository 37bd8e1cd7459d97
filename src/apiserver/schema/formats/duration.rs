//! Durations: Go's (`1h30m`), and the looser spelling of `strfmt` (`2 days`).

use std::sync::LazyLock;

use regex::Regex;

/// Each with its spellings; the last is a prefix of longer ones.
const UNITS: [&[&str]; 8] = [
    &["ns", "nano"],
    &["us", "µs", "micro"],
    &["ms", "milli"],
    &["s", "sec"],
    &["m", "min"],
    &["h", "hr", "hour"],
    &["d", "day"],
    &["w", "wk", "week"],
];

pub(super) fn is_duration(text: &str) -> bool {
    is_go_duration(text) || is_spelt_out(text)
}

/// What `time.ParseDuration` accepts.
pub(crate) fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let has_digit = number.bytes().any(|byte| byte.is_ascii_digit());
        if !has_digit || number.matches('.').count() > 1 {
            return false;
        }
        let end = after.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if !["ns", "us", "µs", "μs", "ms", "s", "m", "h"].contains(&unit) {
            return false;
        }
        rest = after;
    }
    true
}

fn is_spelt_out(text: &str) -> bool {
    static PART: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("([0-9]+)[\\t\\n\\f\\r ]*([A-Za-zµ]+)").expect("written here and tested")
    });
    let mut found = false;
    for part in PART.captures_iter(text) {
        if part[1].parse::<i64>().is_err() {
            return false;
        }
        let unit = part[2].to_lowercase();
        found |= UNITS.iter().any(|spellings| {
            spellings.contains(&unit.as_str()) || spellings.last().is_some_and(|last| unit.starts_with(last))
        });
    }
    found
}
