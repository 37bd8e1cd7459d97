//! Every part of a file has its line.

use serde_json::json;

use super::*;

#[test]
fn yaml_becomes_json_with_lines() {
    let text = "# a comment\na: 1\nb:\n- x: true\n  y: [1.5, -2]\n- null\nc: {d: text}\n";
    let document = Document::parse(text).unwrap();
    assert_eq!(document.value, json!({"a": 1, "b": [{"x": true, "y": [1.5, -2]}, null], "c": {"d": "text"}}));
    for (field, line) in [
        ("a", 2),
        ("b[0].x", 4),
        ("b[0].y[1]", 5),
        ("b[1]", 6),
        ("c.d", 7),
        ("c.d.unknown", 7),
        ("b[0].y[1].z[2]", 5),
    ] {
        assert_eq!(document.line(field), Some(line), "{field}");
    }
}

#[test]
fn nothing_is_an_empty_map() {
    for text in ["", "\n", "# a comment\n", "---\n", "null\n"] {
        assert_eq!(
            Document::parse(text).unwrap_or_else(|error| panic!("{text:?} {error:?}")).value,
            json!({})
        );
    }
}

#[test]
fn what_is_not_yaml_is_told_with_its_line() {
    for (text, line, problem) in [
        ("a: 1\nb: [1\nc: 2\n", None, "is not YAML"),
        ("a: 1\na: 2\n", Some(2), "is not YAML"),
        ("- 1\n", Some(1), "must be a map"),
        ("text\n", Some(1), "must be a map"),
        ("a: .nan\n", None, "finite"),
    ] {
        let Err((found, told)) = Document::parse(text) else { panic!("{text:?}") };
        assert!(told.contains(problem) && (line.is_none() || found == line), "{text:?}: {found:?} {told}");
        assert!(!told.contains('\n'), "{told}");
    }
}
