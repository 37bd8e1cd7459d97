//! The seconds of the re-check period and how many reviews fall into each, so that they come evenly.
//!
//! Fed by slots that need a second and by the tick. A pure count.

use super::RECHECK_SECONDS;

const SECONDS: usize = RECHECK_SECONDS as usize;
/// Reviews that one second should hold; a little less than may be asked in one.
const FULL: usize = 49;

#[derive(Debug, Default)]
pub(crate) struct Wheel {
    second: usize,
    loads: [usize; SECONDS],
}

impl Wheel {
    /// Goes on by one second, whose load is counted anew.
    pub(crate) fn tick(&mut self) -> usize {
        self.second = (self.second + 1) % SECONDS;
        self.second
    }

    pub(crate) fn count(&mut self, second: usize, load: usize) {
        self.loads[second] = load;
    }

    /// The latest second of the coming period that has room, or the emptiest.
    pub(crate) fn place(&mut self, cost: usize) -> usize {
        let coming = (1..=SECONDS).rev().map(|ahead| (self.second + ahead) % SECONDS);
        let room = coming.clone().find(|second| self.loads[*second] + cost <= FULL);
        let emptiest = || coming.min_by_key(|second| self.loads[*second]);
        let second = room.or_else(emptiest).unwrap_or(0);
        self.loads[second] += cost;
        second
    }
}
