//! Waiting on a condition: polls until it holds, says how long it took, and on a timeout panics with
//! the last reason. Owns no knowledge of what is waited for.

use std::fmt::Display;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(50);

/// Calls `condition` until it returns `Ok`, at most for `limit`. The returned duration is how long the
/// condition took to hold.
#[track_caller]
pub fn until<T, E: Display>(
    what: &str,
    limit: Duration,
    mut condition: impl FnMut() -> Result<T, E>,
) -> (T, Duration) {
    let start = Instant::now();
    loop {
        let reason = match condition() {
            Ok(value) => {
                println!("{what}: after {:.2?}", start.elapsed());
                return (value, start.elapsed());
            }
            Err(reason) => reason,
        };
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}: {reason}");
        std::thread::sleep(POLL);
    }
}

/// `until` for a plain yes or no.
#[track_caller]
pub fn until_true(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) -> Duration {
    until(what, limit, || if condition() { Ok(()) } else { Err("it does not hold") }).1
}

pub const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}
