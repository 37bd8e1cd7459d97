//! How names are written, and small reads of JSON.

use std::cmp::Reverse;

use serde_json::Value;

/// The text of a field, empty where there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The items of a field, none where there is no list.
pub(super) fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

/// Whether a field says something.
pub(super) fn has(value: &Value, name: &str) -> bool {
    value.get(name).is_some_and(|value| !value.is_null())
}

const LABEL: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                     alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', \
                     regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
                         '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used \
                         for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// What is wrong with a DNS label, if anything.
pub(super) fn wrong_label(name: &str) -> Option<String> {
    let is_label = is_segment(name) && name.starts_with(|letter: char| letter.is_ascii_lowercase());
    let faults =
        [(name.len() > 63).then_some("must be no more than 63 characters"), (!is_label).then_some(LABEL)];
    joined(faults)
}

pub(super) fn wrong_subdomain(name: &str) -> Option<String> {
    let faults = [
        (name.len() > 253).then_some("must be no more than 253 characters"),
        (!name.split('.').all(is_segment)).then_some(SUBDOMAIN),
    ];
    joined(faults)
}

fn joined<const N: usize>(faults: [Option<&str>; N]) -> Option<String> {
    let faults: Vec<&str> = faults.into_iter().flatten().collect();
    (!faults.is_empty()).then(|| faults.join(","))
}

fn is_segment(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// Sorts versions as clients prefer them: `v2` before `v1` before `v1beta1` before what is no such version.
pub(super) fn version_rank(name: &str) -> (u8, Reverse<u64>, Reverse<u64>, String) {
    let unknown = || (3, Reverse(0), Reverse(0), name.to_owned());
    let Some(rest) = name.strip_prefix('v') else { return unknown() };
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (major, stage) = rest.split_at(end);
    let Ok(major) = major.parse::<u64>() else { return unknown() };
    let (class, minor) = match stage {
        "" => return (0, Reverse(major), Reverse(0), String::new()),
        _ if stage.starts_with("beta") => (1, &stage[4..]),
        _ if stage.starts_with("alpha") => (2, &stage[5..]),
        _ => return unknown(),
    };
    match minor.parse::<u64>() {
        Ok(minor) => (class, Reverse(major), Reverse(minor), String::new()),
        Err(_) => unknown(),
    }
}
