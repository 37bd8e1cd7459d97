//! The formats Kubernetes knows, and what meets them.
//!
//! The list is that of `apiextensions-apiserver/pkg/apiserver/validation/formats.go`, the checks those of
//! kube-openapi's `strfmt`. A format that is not on the list is not asked for.

mod duration;
mod net;
mod numbers;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;

use super::Type;

/// Formats that are a regular expression.
static PATTERNS: LazyLock<BTreeMap<&str, Regex>> = LazyLock::new(|| {
    const NAME: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    let name = format!("^{NAME}$");
    let long_name = format!("^{NAME}(\\.{NAME})*$");
    let byte = r"(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])";
    let rgb = format!(
        r"^rgb\([\t\n\f\r ]*{byte}[\t\n\f\r ]*,[\t\n\f\r ]*{byte}[\t\n\f\r ]*,[\t\n\f\r ]*{byte}[\t\n\f\r ]*\)$"
    );
    [
        ("bsonobjectid", "^[0-9a-fA-F]{24}$"),
        ("uuid", "(?i-u)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
        ("uuid3", "(?i-u)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
        ("uuid4", "(?i-u)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
        ("uuid5", "(?i-u)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
        ("ssn", "^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$"),
        ("hexcolor", "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
        ("byte", "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$"),
        ("hostname", HOSTNAME),
        ("k8sshortname", &name),
        ("k8slongname", &long_name),
        ("rgbcolor", &rgb),
    ]
    .into_iter()
    .map(|(name, text)| (name, Regex::new(text).expect("written here and tested")))
    .collect()
});

const HOSTNAME: &str = r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$";

type Check = fn(&str) -> bool;

/// Formats that need more than an expression.
const CHECKS: [(&str, Check); 15] = [
    ("uri", net::is_request_uri),
    ("email", net::is_email),
    ("ipv4", net::is_ipv4),
    ("ipv6", net::is_ipv6),
    ("cidr", net::is_cidr),
    ("mac", net::is_mac),
    ("isbn", numbers::is_isbn),
    ("isbn10", numbers::is_isbn10),
    ("isbn13", numbers::is_isbn13),
    ("creditcard", numbers::is_credit_card),
    ("password", |_| true),
    ("date", is_date),
    ("datetime", is_date_time),
    ("duration", duration::is_duration),
    ("hostname", is_short_enough_hostname),
];

/// Whether a schema of this type asks for anything by this format.
pub(super) fn is_known(kind: Type, int_or_string: bool, format: &str) -> bool {
    match kind {
        _ if int_or_string => is_string_format(format),
        Type::Any | Type::String => is_string_format(format),
        Type::Integer => matches!(format, "int32" | "int64"),
        Type::Number => matches!(format, "float" | "double"),
        Type::Object | Type::Array | Type::Boolean => false,
    }
}

/// Whether a schema of the named type asks for anything by this format.
pub fn is_known_format(kind: &str, format: &str) -> bool {
    match kind {
        "" | "string" => is_string_format(format),
        "integer" => is_known(Type::Integer, false, format),
        "number" => is_known(Type::Number, false, format),
        _ => false,
    }
}

/// The name without the dashes, which mean nothing.
fn normalized(format: &str) -> String {
    format.replace('-', "")
}

pub(super) fn is_string_format(format: &str) -> bool {
    let name = normalized(format);
    PATTERNS.contains_key(name.as_str()) || CHECKS.iter().any(|(known, _)| *known == name)
}

/// Whether the text meets a known format.
pub(super) fn is_met(format: &str, text: &str) -> bool {
    let name = normalized(format);
    let short_enough = match name.as_str() {
        "k8sshortname" => text.len() <= 63,
        "k8slongname" => text.len() <= 253,
        _ => true,
    };
    short_enough
        && PATTERNS.get(name.as_str()).is_none_or(|pattern| pattern.is_match(text))
        && CHECKS.iter().filter(|(known, _)| *known == name).all(|(_, check)| check(text))
}

fn is_short_enough_hostname(text: &str) -> bool {
    text.len() <= 255 && text.split('.').all(|label| label.len() <= 63)
}

/// `2006-01-02`
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes.iter().enumerate().all(|(at, byte)| matches!(at, 4 | 7) || byte.is_ascii_digit())
        && text.parse::<jiff::civil::Date>().is_ok()
}

fn is_date_time(text: &str) -> bool {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$")
            .expect("written here and tested")
    });
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else { return false };
    let Some(found) = TIME.captures(time) else { return false };
    is_date(date) && &found[1] <= "23" && &found[2] <= "59" && &found[3] <= "59"
}
