//! Which label keys and values are legal.

const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
    alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
    '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', \
    regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const PREFIX: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
    '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation \
    is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// A label key: `[prefix/]name`.
pub(super) fn key(key: &str) -> Result<(), String> {
    match key_faults(key).as_slice() {
        [] => Ok(()),
        faults => Err(format!("<nil>: Invalid value: {key:?}: {}", faults.join("; "))),
    }
}

/// Everything that is wrong with a label key.
pub fn key_faults(key: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let name = match key.split_once('/') {
        None => key,
        Some((_, name)) if name.contains('/') => {
            return vec![format!(
                "a qualified name {NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => {
            faults.extend(prefix_faults(prefix));
            name
        }
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        faults.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_name(name) {
        faults.push(format!("name part {NAME}"));
    }
    faults
}

fn prefix_faults(prefix: &str) -> Vec<String> {
    if prefix.is_empty() {
        return vec!["prefix part must be non-empty".to_owned()];
    }
    let mut faults = Vec::new();
    if prefix.len() > 253 {
        faults.push("prefix part must be no more than 253 bytes".to_owned());
    }
    if !is_subdomain(prefix) {
        faults.push(format!("prefix part {PREFIX}"));
    }
    faults
}

/// The label value at a place among a requirement's; may be empty.
pub(super) fn value(key: &str, at: usize, value: &str) -> Result<(), String> {
    match value_faults(value).as_slice() {
        [] => Ok(()),
        faults => Err(format!("values[{at}][{key}]: Invalid value: {value:?}: {}", faults.join("; "))),
    }
}

/// Everything that is wrong with a label's value.
pub fn value_faults(value: &str) -> Vec<&'static str> {
    let long = (value.len() > 63).then_some("must be no more than 63 bytes");
    let form = (!value.is_empty() && !is_name(value)).then_some(VALUE);
    long.into_iter().chain(form).collect()
}

fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes().all(inner) && has_alphanumeric_ends(text)
}

fn is_subdomain(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.split('.').all(|part| part.bytes().all(legal) && has_alphanumeric_ends(part))
}

fn has_alphanumeric_ends(text: &str) -> bool {
    let ends = [text.bytes().next(), text.bytes().next_back()];
    ends.into_iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
}
