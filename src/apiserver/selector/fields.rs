//! Field selectors: `metadata.name=a,metadata.namespace!=b` with backslash escapes.

use super::{MAX_REQUIREMENTS, check_length};
use crate::apiserver::object::Object;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Namespace,
    /// One that only some kinds have.
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    field: Field,
    equal: bool,
    value: String,
}

/// A conjunction of terms; the default selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

impl FieldSelector {
    pub fn parse(selector: &str) -> Result<Self, String> {
        check_length(selector)?;
        let mut terms = Vec::new();
        for part in split_terms(selector).into_iter().filter(|part| !part.is_empty()) {
            let (path, equal, raw) = split_term(part)
                .ok_or_else(|| format!("invalid selector: '{selector}'; can't understand '{part}'"))?;
            let value = unescape(raw)?;
            let field = match path {
                "metadata.name" => Field::Name,
                "metadata.namespace" => Field::Namespace,
                other => Field::Other(other.to_owned()),
            };
            terms.push(Term { field, equal, value });
            if terms.len() > MAX_REQUIREMENTS {
                return Err(format!("a field selector must have at most {MAX_REQUIREMENTS} requirements"));
            }
        }
        Ok(Self { terms })
    }

    /// Whether the kind knows all the fields; `others` are those besides name and namespace.
    pub fn check(&self, others: &[String]) -> Result<(), String> {
        let unknown = |term: &&Term| matches!(&term.field, Field::Other(path) if !others.contains(path));
        match self.terms.iter().find(unknown) {
            Some(Term { field: Field::Other(path), .. }) if others.is_empty() => Err(format!(
                "{path:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            )),
            Some(Term { field: Field::Other(path), .. }) => Err(format!("field label not supported: {path}")),
            _ => Ok(()),
        }
    }

    /// The names that a selector's terms ask for, whatever fields the others are about; `None` when it cannot be
    /// read.
    pub fn names(selector: &str) -> Option<Vec<String>> {
        check_length(selector).ok()?;
        let parts = split_terms(selector).into_iter().filter(|part| !part.is_empty());
        let terms = parts.map(split_term).collect::<Option<Vec<_>>>()?;
        let names = terms.into_iter().filter(|(path, equal, _)| *path == "metadata.name" && *equal);
        names.map(|(_, _, value)| unescape(value).ok()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn matches(&self, object: &Object) -> bool {
        self.terms.iter().all(|term| {
            let value = match &term.field {
                Field::Name => &*object.key.name,
                Field::Namespace => object.key.bare_namespace(),
                Field::Other(path) => object.fields.get(path).map_or("", String::as_str),
            };
            (value == term.value) == term.equal
        })
    }

    /// The only name that can match, if the selector pins one.
    pub fn name(&self) -> Option<&str> {
        self.required(&Field::Name)
    }

    /// The only namespace that can match, if the selector pins one.
    pub fn namespace(&self) -> Option<&str> {
        self.required(&Field::Namespace)
    }

    fn required(&self, field: &Field) -> Option<&str> {
        self.terms.iter().find(|term| term.field == *field && term.equal).map(|term| term.value.as_str())
    }
}

/// Splits at commas that no backslash escapes.
fn split_terms(selector: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, byte) in selector.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b',' => {
                terms.push(&selector[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&selector[start..]);
    terms
}

/// Splits at the first of `!=`, `==` and `=`.
fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    let equals = term.find('=')?;
    if let Some(path) = term[..equals].strip_suffix('!') {
        return Some((path, false, &term[equals + 1..]));
    }
    let value = &term[equals + 1..];
    Some((&term[..equals], true, value.strip_prefix('=').unwrap_or(value)))
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped @ ('\\' | ',' | '=')) => out.push(escaped),
                Some(other) => {
                    return Err(format!("invalid field selector: invalid escape sequence: \\{other}"));
                }
                None => return Err("invalid field selector: invalid escape sequence: \\".into()),
            },
            ',' | '=' => return Err(format!("invalid field selector: unescaped character in value: {c}")),
            other => out.push(other),
        }
    }
    Ok(out)
}
