//! Values as Go's `fmt` prints them, because Kubernetes puts such text into errors.
//!
//! Used where an error must read exactly as upstream's. It must not know which error that is.

use serde_json::{Number, Value};

/// `%v`: `map[a:1 b:[x y]]`.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => plain_number(number),
        Value::String(text) => text.clone(),
        Value::Array(items) => plain_list(items),
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{key}:{}", plain(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
    }
}

/// `%v` of a list.
pub fn plain_list(items: &[Value]) -> String {
    let items: Vec<_> = items.iter().map(plain).collect();
    format!("[{}]", items.join(" "))
}

/// `%#v`: `map[string]interface {}{"a":1}`.
pub fn syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Bool(_) | Value::Number(_) => plain(value),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{}:{}", quoted(key), syntax(value))).collect();
            format!("map[string]interface {{}}{{{}}}", fields.join(", "))
        }
    }
}

/// `%T` of a value decoded from JSON.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// `%q`: text between quotes, as Go source would have it.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            control if (control as u32) < 0x20 || control as u32 == 0x7f => {
                out.push_str(&format!("\\x{:02x}", control as u32));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A float as `%v` shows it: the shortest digits, an exponent from 1e+06 and below 1e-4.
fn plain_number(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float_text(float),
        _ => number.to_string(),
    }
}

fn float_text(float: f64) -> String {
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` always writes an exponent");
    let exponent: i32 = exponent.parse().expect("`{:e}` always writes a number");
    if (-4..6).contains(&exponent) || float == 0.0 {
        return format!("{float}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{plain, quoted, syntax, type_name};

    #[test]
    fn values_read_as_in_go() {
        for (value, text, source, kind) in [
            (json!(null), "<nil>", "interface {}(nil)", "<nil>"),
            (json!(1), "1", "1", "int64"),
            (json!(1.5), "1.5", "1.5", "float64"),
            (json!(65535.0), "65535", "65535", "float64"),
            (json!(1234567.0), "1.234567e+06", "1.234567e+06", "float64"),
            (json!(0.0001), "0.0001", "0.0001", "float64"),
            (json!(0.00001), "1e-05", "1e-05", "float64"),
            (json!("a b"), "a b", "\"a b\"", "string"),
            (json!(["a", 1]), "[a 1]", "[]interface {}{\"a\", 1}", "[]interface {}"),
            (
                json!({"b": {"c": true}, "a": []}),
                "map[a:[] b:map[c:true]]",
                "map[string]interface {}{\"a\":[]interface {}{}, \"b\":map[string]interface {}{\"c\":true}}",
                "map[string]interface {}",
            ),
        ] {
            assert_eq!(plain(&value), text);
            assert_eq!(syntax(&value), source);
            assert_eq!(type_name(&value), kind);
        }
        assert_eq!(quoted("a\"\\\n\u{1}é"), "\"a\\\"\\\\\\n\\x01é\"");
    }
}
