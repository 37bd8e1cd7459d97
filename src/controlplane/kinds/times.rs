//! Times as Go's `metav1.Time` and `metav1.MicroTime` read and write them, with Go's words for what is none.

use jiff::{Timestamp, tz::TimeZone};

const SECONDS: &str = "2006-01-02T15:04:05Z07:00";
const MICROS: &str = "2006-01-02T15:04:05.000000Z07:00";

/// Reads whole seconds; answers what Go would write.
pub fn seconds(text: &str) -> Result<String, String> {
    read(text, SECONDS).map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Reads microseconds; answers what Go would write.
pub fn micros(text: &str) -> Result<String, String> {
    read(text, MICROS).map(|at| at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string())
}

fn read(text: &str, layout: &str) -> Result<jiff::Zoned, String> {
    let quoted = format!("parsing time {text:?}");
    if let Err((rest, element)) = match_layout(text, layout == MICROS) {
        return Err(match element {
            "" => format!("{quoted}: extra text: {rest:?}"),
            element => format!("{quoted} as {layout:?}: cannot parse {rest:?} as {element:?}"),
        });
    }
    let at: Timestamp = text.parse().map_err(|_| format!("{quoted}: {}", out_of_range(text)))?;
    Ok(at.to_zoned(TimeZone::UTC))
}

/// Where the text leaves the layout: what is left of it, and the element that it is not.
fn match_layout(text: &str, micros: bool) -> Result<(), (&str, &'static str)> {
    const ELEMENTS: [(&str, usize); 11] = [
        ("2006", 4),
        ("-", 0),
        ("01", 2),
        ("-", 0),
        ("02", 2),
        ("T", 0),
        ("15", 2),
        (":", 0),
        ("04", 2),
        (":", 0),
        ("05", 2),
    ];
    let mut rest = text;
    for (element, digits) in ELEMENTS {
        rest = match digits {
            0 => rest.strip_prefix(element),
            digits => numeric(rest, digits),
        }
        .ok_or((rest, element))?;
    }
    if micros {
        let fraction = rest.strip_prefix('.').and_then(|after| numeric(after, 6));
        rest = fraction.ok_or((rest, ".000000"))?;
    } else if let Some(after) = rest.strip_prefix('.') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        rest = if digits > 0 { &after[digits..] } else { rest };
    }
    let end = zone(rest).ok_or((rest, "Z07:00"))?;
    if end.is_empty() { Ok(()) } else { Err((end, "")) }
}

fn numeric(text: &str, digits: usize) -> Option<&str> {
    let head = text.get(..digits)?;
    head.bytes().all(|byte| byte.is_ascii_digit()).then(|| &text[digits..])
}

fn zone(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some(rest);
    }
    let rest = text.strip_prefix(['+', '-'])?;
    numeric(numeric(rest, 2)?.strip_prefix(':')?, 2)
}

fn out_of_range(text: &str) -> &'static str {
    let part = |range| text.get(range).and_then(|digits: &str| digits.parse::<u32>().ok()).unwrap_or(0);
    match (part(5..7), part(11..13), part(14..16), part(17..19)) {
        (0 | 13.., ..) => "month out of range",
        (_, 24.., ..) => "hour out of range",
        (_, _, 60.., _) => "minute out of range",
        (.., 60..) => "second out of range",
        _ => "day out of range",
    }
}

#[cfg(test)]
mod tests {
    use super::{micros, seconds};

    #[test]
    fn times_are_written_in_utc() {
        for (text, written) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z"),
            ("2026-01-01T00:00:00.9Z", "2026-01-01T00:00:00Z"),
        ] {
            assert_eq!(seconds(text).as_deref(), Ok(written));
        }
        assert_eq!(micros("2026-01-01T00:00:00.120000Z").as_deref(), Ok("2026-01-01T00:00:00.120000Z"));
    }

    #[test]
    fn errors_are_those_of_go() {
        for (text, error) in [
            ("abc", r#"parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006""#),
            (
                "2026-01-01",
                r#"parsing time "2026-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#,
            ),
            ("2026-13-01T00:00:00Z", r#"parsing time "2026-13-01T00:00:00Z": month out of range"#),
            ("2026-01-01T00:00:00Zx", r#"parsing time "2026-01-01T00:00:00Zx": extra text: "x""#),
        ] {
            assert_eq!(seconds(text).unwrap_err(), error);
        }
        assert_eq!(
            micros("2026-01-01T00:00:00Z").unwrap_err(),
            r#"parsing time "2026-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000""#
        );
    }
}
