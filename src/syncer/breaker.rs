//! Deletions that are too many at once stop, whatever caused them, until a person says that they are meant.
//!
//! Within five minutes more than twenty objects and more than 30 % of what is owned may not go. All objects of one
//! namespace that is seen in deletion upstream are one. Pure but for the nonce; it must not know who deletes, nor why.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    time::Duration,
};

/// The annotation of the SyncTarget that resumes deletions.
pub const ALLOW: &str = "workload.kcp.io/allow-mass-delete";

/// How long a deletion counts.
pub const WINDOW: Duration = Duration::from_secs(300);
/// So many always may go.
const FREE: usize = 20;
/// In percent of what was owned when the window began.
const SHARE: usize = 30;

/// What counts as one deletion.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// The uid of an object below.
    Object(String),
    /// The uid of a namespace upstream that is being deleted with all that is in it.
    Namespace(String),
}

/// Counts deletions and stops them.
#[derive(Debug, Default)]
pub struct Breaker {
    /// The SyncTarget's name, for the command.
    target: String,
    /// Deletions of the last five minutes, the oldest first.
    recent: VecDeque<(Duration, Unit)>,
    /// Units of `recent`.
    counted: HashSet<Unit>,
    open: Option<Open>,
    /// What waited when deletions were resumed: these may go.
    allowed: BTreeSet<Unit>,
}

#[derive(Debug)]
struct Open {
    nonce: String,
    held: BTreeSet<Unit>,
}

impl Breaker {
    pub fn new(target: &str) -> Self {
        Self { target: target.to_owned(), ..Self::default() }
    }

    /// As a former process left it: `message` is what it reported. A restart does not resume deletions.
    pub fn restore(&mut self, message: &str) {
        let nonce = message.split(&format!("{ALLOW}=")).nth(1);
        let nonce =
            nonce.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>());
        if let Some(nonce) = nonce.filter(|nonce| !nonce.is_empty() && self.open.is_none()) {
            self.open = Some(Open { nonce, held: BTreeSet::new() });
        }
    }

    /// Whether this may be deleted now, of `owned` objects that are left. What may not is remembered.
    pub fn permits(&mut self, unit: &Unit, owned: usize, now: Duration) -> bool {
        self.forget(now);
        if self.allowed.contains(unit) || self.counted.contains(unit) {
            return true;
        }
        if let Some(open) = &mut self.open {
            open.held.insert(unit.clone());
            return false;
        }
        let deleted = self.counted.len() + 1;
        let before = owned + self.counted.len();
        if deleted > FREE && deleted * 100 > before * SHARE {
            let nonce = uuid::Uuid::new_v4().simple().to_string();
            self.open = Some(Open { nonce: nonce[..8].to_owned(), held: [unit.clone()].into() });
            return false;
        }
        true
    }

    /// It is being deleted.
    pub fn deleted(&mut self, unit: Unit, now: Duration) {
        if !self.allowed.remove(&unit) && self.counted.insert(unit.clone()) {
            self.recent.push_back((now, unit));
        }
    }

    /// What waited need not be deleted any more.
    pub fn dropped(&mut self, unit: &Unit) {
        if let Some(open) = &mut self.open {
            open.held.remove(unit);
        }
        self.allowed.remove(unit);
    }

    /// Takes note of the SyncTarget's annotation; whether it resumed deletions.
    pub fn resume(&mut self, annotation: &str) -> bool {
        match self.open.take() {
            Some(open) if open.nonce == annotation => {
                self.allowed = open.held;
                self.recent.clear();
                self.counted.clear();
                true
            }
            other => {
                self.open = other;
                false
            }
        }
    }

    /// Why deletions are paused, and the command that resumes them.
    pub fn paused(&self) -> Option<String> {
        let Open { nonce, held } = self.open.as_ref()?;
        let waiting = match held.len() {
            0 => String::new(),
            count => format!(", {count} waiting"),
        };
        Some(format!(
            "too many deletions at once{waiting}; if they are meant: kubectl annotate synctarget {} --overwrite {ALLOW}={nonce}",
            self.target
        ))
    }

    fn forget(&mut self, now: Duration) {
        while self.recent.front().is_some_and(|(at, _)| *at + WINDOW < now) {
            if let Some((_, unit)) = self.recent.pop_front() {
                self.counted.remove(&unit);
            }
        }
    }
}

#[cfg(test)]
mod tests;
