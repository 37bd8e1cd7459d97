//! Ages as kubectl users know them: `5s`, `3m20s`, `2d4h`, `1y30d`.

use jiff::Timestamp;

/// The age of something made at `since`; `<unknown>` when nobody knows when that was.
pub fn age(since: Option<Timestamp>, now: Timestamp) -> String {
    match since {
        None => "<unknown>".into(),
        Some(since) => human(now.as_second().saturating_sub(since.as_second())),
    }
}

/// Upstream's `duration.HumanDuration`: two units at most, the second one only while it matters.
fn human(seconds: i64) -> String {
    // A clock that is a little behind is no error.
    if seconds < -1 {
        return "<invalid>".into();
    }
    if seconds < 0 {
        return "0s".into();
    }
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let years = days / 365;
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        two(minutes, "m", seconds % 60, "s")
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        two(hours, "h", minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if hours < 192 {
        two(days, "d", hours % 24, "h")
    } else if days < 730 {
        format!("{days}d")
    } else if years < 8 {
        two(years, "y", days % 365, "d")
    } else {
        format!("{years}y")
    }
}

fn two(major: i64, major_unit: &str, minor: i64, minor_unit: &str) -> String {
    match minor {
        0 => format!("{major}{major_unit}"),
        minor => format!("{major}{major_unit}{minor}{minor_unit}"),
    }
}
