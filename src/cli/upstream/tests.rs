//! Durations as they are typed.

use super::*;

#[test]
fn durations() {
    let good = [("60s", 60_000), ("60", 60_000), ("2m", 120_000), ("500ms", 500), ("1h", 3_600_000)];
    for (text, milliseconds) in good {
        assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
    }
    for bad in ["", "s", "-1s", "1.5s", "1d", "99999999999s", "1 s"] {
        assert!(duration(bad).unwrap_err().contains("60s"), "{bad}");
    }
}

#[test]
fn delays_have_a_bound() {
    assert_eq!(delay("1h"), Ok(Duration::from_secs(3600)));
    for bad in ["61m", "99999h", "4294967295h"] {
        assert!(delay(bad).unwrap_err().contains("1h"), "{bad}");
    }
}
