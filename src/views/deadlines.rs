//! When which target's age will matter next. At most one entry a target, however often it is renewed.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
    sync::Arc,
    time::Duration,
};

#[derive(Debug, Default)]
pub struct Deadlines {
    heap: BinaryHeap<Reverse<(Duration, Arc<str>)>>,
    armed: HashSet<Arc<str>>,
}

impl Deadlines {
    /// Looks at the target again after `at`. One that is waited for already is looked at then and, if it
    /// was renewed meanwhile, put off: deadlines only move later.
    pub fn arm(&mut self, uid: &Arc<str>, at: Duration) {
        if self.armed.insert(uid.clone()) {
            self.heap.push(Reverse((at, uid.clone())));
        }
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes one target whose deadline is past.
    pub fn pop(&mut self, now: Duration) -> Option<Arc<str>> {
        if self.next()? >= now {
            return None;
        }
        let Reverse((_, uid)) = self.heap.pop()?;
        self.armed.remove(&uid);
        Some(uid)
    }
}
