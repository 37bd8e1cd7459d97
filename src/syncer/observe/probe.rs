//! What the sums of one kind were at which version, while they are verified: only what was true at the very version
//! that a list speaks of can be held against it. Pure.

/// As many changes are remembered; a kind that changes faster is verified another time.
const LONGEST: usize = 4_096;

/// What a tally says at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// All objects of the kind.
    pub(super) everything: u64,
    /// Those that are to be in the report.
    pub(super) total: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Probe {
    /// Of all that was told before the question was asked.
    before: Said,
    /// Since then, by version.
    since: Vec<(u64, Said)>,
    spoilt: bool,
}

impl Probe {
    pub(super) fn new(before: Said) -> Self {
        Self { before, since: Vec::new(), spoilt: false }
    }

    pub(super) fn note(&mut self, version: u64, said: Said) {
        // Without numbers there is no order.
        if version == 0 || self.since.len() >= LONGEST {
            self.spoilt = true;
            return;
        }
        self.since.push((version, said));
    }

    /// Something changed that no version tells.
    pub(super) fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// What was said at this version. The server was asked after `before`, so it cannot answer of an earlier one.
    /// `None`: nobody can tell.
    pub(super) fn at(&self, version: &str) -> Option<Said> {
        if self.spoilt {
            return None;
        }
        if self.since.is_empty() {
            return Some(self.before);
        }
        let version: u64 = version.parse().ok()?;
        let last = self.since.iter().rev().find(|(at, _)| *at <= version);
        Some(last.map_or(self.before, |(_, said)| *said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(total: u64) -> Said {
        Said { everything: total + 1, total }
    }

    #[test]
    fn the_sums_of_a_version_are_found_again() {
        let mut probe = Probe::new(said(5));
        assert_eq!(probe.at("opaque"), Some(said(5)));
        probe.note(10, said(6));
        probe.note(12, said(7));
        for (version, expected) in [("9", 5), ("10", 6), ("11", 6), ("12", 7), ("99", 7)] {
            assert_eq!(probe.at(version), Some(said(expected)), "{version}");
        }
        assert_eq!(probe.at("opaque"), None);
    }

    #[test]
    fn nothing_is_told_where_nobody_can_know() {
        let mut relisted = Probe::new(said(5));
        relisted.spoil();
        assert_eq!(relisted.at("9"), None);
        let mut unordered = Probe::new(said(5));
        unordered.note(0, said(6));
        assert_eq!(unordered.at("9"), None);
        let mut busy = Probe::new(said(5));
        (1..=4_097).for_each(|version| busy.note(version, said(version)));
        assert_eq!(busy.at("9999"), None);
    }
}
