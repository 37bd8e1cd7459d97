//! Field names as CEL can write them.
//!
//! The rules are those of `apiserver/pkg/cel/escaping.go`.

use std::borrow::Cow;

const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The name in an expression; nothing for one that cannot be written.
pub(super) fn escaped(name: &str) -> Option<Cow<'_, str>> {
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__").into());
    }
    let first = name.chars().next()?;
    if first.is_ascii_digit() {
        return None;
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.chars().all(is_plain) && !name.contains("__") {
        return Some(name.into());
    }
    if !name.chars().all(|letter| is_plain(letter) || matches!(letter, '.' | '-' | '/')) {
        return None;
    }
    let text = name
        .replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__");
    Some(text.into())
}
