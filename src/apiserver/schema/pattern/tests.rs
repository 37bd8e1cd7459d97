//! Where Go and the `regex` crate differ.

use super::Pattern;

#[test]
fn patterns_are_read_as_go_reads_them() {
    for (pattern, text, found) in [
        (r"^\d+$", "12", true),
        (r"^\d+$", "١٢", false),
        (r"^\w+$", "é", false),
        (r"^[\w.-]+$", "a.b-c", true),
        (r"^[^\d]$", "a", true),
        (r"^[^\d]$", "1", false),
        (r"^[[a]+$", "[a", true),
        (r"^[a&&b]+$", "&&", true),
        (r"^[]a]$", "]", true),
        (r"^[[:alpha:]_]+$", "ab_", true),
        (r"^{a}$", "{a}", true),
        (r"^a{2,3}$", "aaa", true),
        (r"^a{,3}$", "a{,3}", true),
        (r"^\Qa.b\E$", "a.b", true),
        (r"^\Qa.b\E$", "axb", false),
        (r"^\/a\<$", "/a<", true),
        (r"\bfoo\b", "a foo b", true),
        (r"^(?i)abc$", "ABC", true),
        (r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", "a-b.c", true),
        (r"^[+--]$", "-", true),
        ("a", "bab", true),
    ] {
        assert_eq!(Pattern::new(pattern).unwrap().is_match(text), found, "{pattern} {text}");
    }
    for wrong in ["(", "[a", r"\", "(?<=a)b", r"(a)\1"] {
        assert!(Pattern::new(wrong).is_err(), "{wrong}");
    }
}
