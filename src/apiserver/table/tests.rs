//! Ages in words.

use jiff::Timestamp;

use super::age;

#[test]
fn ages_read_as_kubectl_prints_them() {
    let now = Timestamp::from_second(1_000_000_000).unwrap();
    for (seconds, text) in [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (200, "3m20s"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (5 * 3600 + 60, "5h1m"),
        (8 * 3600 + 60, "8h"),
        (48 * 3600 - 1, "47h"),
        (48 * 3600, "2d"),
        (76 * 3600, "3d4h"),
        (8 * 86_400, "8d"),
        (729 * 86_400, "729d"),
        (730 * 86_400, "2y"),
        (800 * 86_400, "2y70d"),
        (8 * 365 * 86_400 + 86_400, "8y"),
    ] {
        let since = Timestamp::from_second(1_000_000_000 - seconds).unwrap();
        assert_eq!(age(Some(since), now), text, "{seconds}");
    }
    assert_eq!(age(None, now), "<unknown>");
}
