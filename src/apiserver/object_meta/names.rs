//! How names, labels and keys are written, with the texts of `k8s.io/apimachinery` for those that are not.
//!
//! Each rule answers everything that is wrong with a text; nothing means that it will do.

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

fn too_long(text: &str, most: usize) -> Option<String> {
    (text.len() > most).then(|| format!("must be no more than {most} bytes"))
}

/// Upstream has two texts for one rule.
fn too_many_characters(text: &str, most: usize) -> Option<String> {
    (text.len() > most).then(|| format!("must be no more than {most} characters"))
}

/// `message (e.g. 'a', or 'b', regex used for validation is 'pattern')`
pub fn pattern_error(message: &str, pattern: &str, examples: &[&str]) -> String {
    let examples: Vec<_> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{message} (e.g. {}regex used for validation is '{pattern}')", examples.join(" or "))
}

fn lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Starts and ends with `edge`, holds `edge` and `inner`.
fn framed(text: &str, edge: impl Fn(u8) -> bool, inner: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let edges = bytes.first().is_some_and(|byte| edge(*byte)) && bytes.last().is_some_and(|byte| edge(*byte));
    edges && bytes.iter().all(|byte| edge(*byte) || inner.contains(byte))
}

fn is_label(text: &str) -> bool {
    framed(text, lower, b"-")
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

pub fn dns1123_label(text: &str) -> Vec<String> {
    const MESSAGE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                           start and end with an alphanumeric character";
    let mut errors: Vec<_> = too_many_characters(text, 63).into_iter().collect();
    if !is_label(text) {
        errors.push(if is_subdomain(text) {
            "must not contain dots".to_owned()
        } else {
            pattern_error(MESSAGE, LABEL, &["my-name", "123-abc"])
        });
    }
    errors
}

pub fn dns1123_subdomain(text: &str) -> Vec<String> {
    too_many_characters(text, 253).into_iter().chain(no_subdomain(text)).collect()
}

fn no_subdomain(text: &str) -> Option<String> {
    const MESSAGE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
                           and must start and end with an alphanumeric character";
    (!is_subdomain(text)).then(|| pattern_error(MESSAGE, SUBDOMAIN, &["example.com"]))
}

pub fn dns1035_label(text: &str) -> Vec<String> {
    const MESSAGE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                           alphabetic character, and end with an alphanumeric character";
    let mut errors: Vec<_> = too_many_characters(text, 63).into_iter().collect();
    if !is_label(text) || text.starts_with(|first: char| first.is_ascii_digit()) {
        errors.push(pattern_error(MESSAGE, "[a-z]([-a-z0-9]*[a-z0-9])?", &["my-name", "abc-123"]));
    }
    errors
}

pub fn path_segment(text: &str) -> Vec<String> {
    if [".", ".."].contains(&text) {
        return vec![format!("may not be '{text}'")];
    }
    let found = ["/", "%"].iter().filter(|part| text.contains(**part));
    found.map(|part| format!("may not contain '{part}'")).collect()
}

/// A key of labels, annotations or finalizers: `example.com/name`.
pub fn qualified_name(text: &str) -> Vec<String> {
    const MESSAGE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                           alphanumeric character";
    const EXAMPLES: [&str; 3] = ["MyName", "my.name", "123-abc"];
    let mut errors = Vec::new();
    let parts: Vec<_> = text.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_owned());
            } else {
                let wrong = too_long(prefix, 253).into_iter().chain(no_subdomain(prefix));
                errors.extend(wrong.map(|error| format!("prefix part {error}")));
            }
            name
        }
        _ => {
            let wrong = pattern_error(MESSAGE, KEY, &EXAMPLES);
            return vec![format!(
                "a valid label key {wrong} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    }
    errors.extend(too_long(name, 63).map(|error| format!("name part {error}")));
    if !framed(name, |byte| byte.is_ascii_alphanumeric(), b"-_.") {
        errors.push(format!("name part {}", pattern_error(MESSAGE, KEY, &EXAMPLES)));
    }
    errors
}

pub fn label_value(text: &str) -> Vec<String> {
    const MESSAGE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
                           and must start and end with an alphanumeric character";
    let mut errors: Vec<_> = too_long(text, 63).into_iter().collect();
    if !text.is_empty() && !framed(text, |byte| byte.is_ascii_alphanumeric(), b"-_.") {
        errors.push(pattern_error(MESSAGE, &format!("({KEY})?"), &["MyValue", "my_value", "12345"]));
    }
    errors
}
