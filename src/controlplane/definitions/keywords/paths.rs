//! Simple paths into a schema: `.spec.a`, `.spec['b']`.
//!
//! The rules are those of `ValidFieldPath` in `apiextensions-apiserver/pkg/apiserver/schema/cel`.

use serde_json::Value;

/// The schema of the field at the path, or what is wrong with the path.
pub(in crate::controlplane::definitions) fn field_at<'a>(
    schema: &'a Value,
    path: &str,
    with_brackets: bool,
) -> Result<&'a Value, String> {
    let (mut schema, mut rest) = (schema, path);
    while !rest.is_empty() {
        let name;
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[', ']']).unwrap_or(after.len());
            if end == 0 && after.is_empty() {
                return Err("unexpected end of JSON path".to_owned());
            }
            name = after[..end].to_owned();
            rest = &after[end..];
        } else if let Some(after) = rest.strip_prefix('[') {
            if !with_brackets {
                return Err("array notation is not allowed".to_owned());
            }
            (name, rest) = quoted(after)?;
        } else {
            let end = rest.find(['.', '[', ']']).filter(|end| *end > 0).unwrap_or(rest.len());
            return Err(format!("expected [ or . but got: {}", &rest[..end]));
        }
        schema = child(schema, &name)?;
    }
    Ok(schema)
}

fn child<'a>(schema: &'a Value, name: &str) -> Result<&'a Value, String> {
    let unknown = || "does not refer to a valid field".to_owned();
    match (&schema["properties"], &schema["additionalProperties"]) {
        (Value::Object(properties), _) => properties.get(name).ok_or_else(unknown),
        (_, values @ Value::Object(_)) => Ok(values),
        _ => Err(unknown()),
    }
}

/// `'name']` and the rest.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let Some(inner) = text.strip_prefix('\'') else {
        let end = text.find(['.', '[', ']']).unwrap_or(text.len());
        return Err(format!("expected single quoted string but got {}", &text[..end]));
    };
    let mut name = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\'' => {
                let rest = &inner[at + 1..];
                let rest = rest.strip_prefix(']').ok_or_else(|| format!("expected ] but got {rest}"))?;
                return Ok((name, rest));
            }
            '\\' => match letters.next() {
                Some((_, escaped @ ('\'' | '\\'))) => name.push(escaped),
                Some((_, 'n')) => name.push('\n'),
                Some((_, 't')) => name.push('\t'),
                other => {
                    let escaped = other.map(|(_, letter)| letter.to_string()).unwrap_or_default();
                    return Err(format!("invalid string literal: invalid escape char \\{escaped}"));
                }
            },
            _ => name.push(letter),
        }
    }
    Err("unexpected end of JSON path".to_owned())
}
