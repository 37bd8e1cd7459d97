//! When which target's age will matter next. One entry a target, however often it is renewed; a Lease that
//! is made anew with an older renewal adds an earlier one.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
    time::Duration,
};

#[derive(Debug, Default)]
pub struct Deadlines {
    heap: BinaryHeap<Reverse<(Duration, Arc<str>)>>,
    /// The earliest deadline of each target that is waited for.
    armed: HashMap<Arc<str>, Duration>,
}

impl Deadlines {
    /// Looks at the target again after `at`. One that is looked at sooner anyway is put off then, if it was
    /// renewed meanwhile.
    pub fn arm(&mut self, uid: &Arc<str>, at: Duration) {
        if self.armed.get(uid).is_none_or(|armed| at < *armed) {
            self.armed.insert(uid.clone(), at);
            self.heap.push(Reverse((at, uid.clone())));
        }
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes one target whose deadline is past.
    pub fn pop(&mut self, now: Duration) -> Option<Arc<str>> {
        loop {
            if self.next()? >= now {
                return None;
            }
            let Reverse((at, uid)) = self.heap.pop()?;
            // An entry that an earlier one overtook says nothing any more.
            if self.armed.get(&uid) == Some(&at) {
                self.armed.remove(&uid);
                return Some(uid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn second(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    #[test]
    fn an_earlier_deadline_overtakes_and_a_later_one_waits() {
        let (uid, mut deadlines) = (Arc::from("u"), Deadlines::default());
        deadlines.arm(&uid, second(50));
        deadlines.arm(&uid, second(40));
        deadlines.arm(&uid, second(60));
        assert_eq!(deadlines.next(), Some(second(40)));
        assert_eq!(deadlines.pop(second(40)), None);
        assert_eq!(deadlines.pop(second(41)), Some(uid.clone()));
        assert_eq!(deadlines.pop(second(99)), None, "overtaken");
        deadlines.arm(&uid, second(70));
        assert_eq!(deadlines.pop(second(71)), Some(uid));
        assert_eq!(deadlines.next(), None);
    }
}
