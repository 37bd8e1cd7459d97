//! One that meets each format and one that does not.

use super::{is_known, is_met};
use crate::apiserver::schema::Type;

#[test]
fn formats_are_those_of_strfmt() {
    for (format, good, bad) in [
        ("bsonobjectid", "507f1f77bcf86cd799439011", "507f"),
        ("uri", "http://example.com/a?b=c", "example.com"),
        ("uri", "/path", ""),
        ("uri", "mailto:a@b", "http://a b/"),
        ("email", "a.b@example.com", "a.example.com"),
        ("email", "Name <a@b>", "a@"),
        ("hostname", "some-host.example.com", "-bad-"),
        ("ipv4", "192.168.0.1", "256.1.1.1"),
        ("ipv4", "01.1.1.1", "1.1.1"),
        ("ipv6", "::1", "127.0.0.1"),
        ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
        ("cidr", "fe80::/64", "fe80::"),
        ("mac", "01:02:03:04:05:06", "01:02:03"),
        ("mac", "0102.0304.0506", "01:02-03:04:05:06"),
        ("uuid", "A987FBC9-4BED-3078-CF07-9141BA07C9F3", "A987FBC9"),
        ("uuid3", "bcd02e22-68f0-3046-a512-327cca9def8f", "bcd02e22-68f0-4046-a512-327cca9def8f"),
        ("uuid4", "025b0d74-00a2-4048-bf57-227c5111bb34", "025b0d74-00a2-3048-bf57-227c5111bb34"),
        ("uuid5", "886313e1-3b8a-5372-9b90-0c9aee199e5d", "886313e1-3b8a-4372-9b90-0c9aee199e5d"),
        ("isbn", "0321751043", "836217463"),
        ("isbn10", "0321751043", "0321751044"),
        ("isbn13", "978-0321751041", "978-0321751042"),
        ("creditcard", "4111-1111-1111-1111", "4111-1111-1111-1112"),
        ("ssn", "111-11-1111", "999 99 999"),
        ("hexcolor", "#FFFFFF", "#fffffz"),
        ("rgbcolor", "rgb(100,100,100)", "rgb(300,0,0)"),
        ("byte", "aGVsbG8=", "ZWxpemFiZXRocG9zZXk"),
        ("byte", "YQ==", ""),
        ("date", "2014-02-28", "2014-02-30"),
        ("date-time", "2014-12-15T19:30:20.000Z", "2014-12-15"),
        ("datetime", "2014-12-15t19:30:20+01:00", "2014-12-15T25:30:20Z"),
        ("duration", "1h30m", "1 parsec"),
        ("duration", "2 days", ""),
        ("duration", "-1.5s", "s"),
        ("k8s-short-name", "a-b", "a.b"),
        ("k8s-long-name", "a.b", "A"),
    ] {
        assert!(is_met(format, good), "{format} {good}");
        assert!(!is_met(format, bad), "{format} {bad}");
    }
    assert!(!is_met("k8s-short-name", &"a".repeat(64)));
}

#[test]
fn a_format_counts_for_its_type_only() {
    for (kind, int_or_string, format, known) in [
        (Type::String, false, "date-time", true),
        (Type::String, false, "int32", false),
        (Type::String, false, "nonsense", false),
        (Type::Integer, false, "int32", true),
        (Type::Integer, false, "double", false),
        (Type::Number, false, "double", true),
        (Type::Object, false, "date-time", false),
        (Type::Any, true, "int-or-string", false),
        (Type::Any, false, "ipv4", true),
    ] {
        assert_eq!(is_known(kind, int_or_string, format), known, "{kind:?} {format}");
    }
}
