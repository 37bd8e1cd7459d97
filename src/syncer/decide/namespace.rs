//! What is done next about a namespace below: kept as it was made, and deleted once nothing at all is in it.

use std::time::Duration;

use super::{Permission, Seen};

/// How long a namespace has to be empty before it is deleted.
pub const DELAY: Duration = Duration::from_secs(30);
/// How long a lookup that failed or found something is not made again.
const AGAIN: Duration = Duration::from_secs(300);

/// The namespace below, as the cache has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Below<'a> {
    pub uid: &'a str,
    pub resource_version: &'a str,
    pub deleting: bool,
    /// Its locator and its name say that this target made it, for this namespace.
    pub ours: bool,
    /// A label of ours is missing or wrong.
    pub damaged: bool,
}

/// What a live look at every kind that can be deleted found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Empty,
    /// The first kind with an object that no cluster makes by itself.
    Holds(String),
    /// A kind that could not be listed.
    Unknown(String),
}

#[derive(Clone, Debug)]
pub struct Situation<'a> {
    pub permission: Permission,
    pub below: Seen<Below<'a>>,
    /// Objects of the namespace upstream that are wanted here or not yet let go.
    pub wanted: usize,
    /// Objects below that bear our label.
    pub owned: usize,
    /// Since when both are none.
    pub empty_for: Option<Duration>,
    /// What the last look found, and how long ago.
    pub content: Option<(Content, Duration)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    /// Puts the labels and the locator right.
    Repair,
    /// Lists every kind that can be deleted.
    Look,
    Delete {
        uid: String,
        resource_version: String,
    },
    Wait(Duration),
}

pub fn decide(situation: &Situation<'_>) -> Step {
    let permission = &situation.permission;
    let Seen::Present(below) = &situation.below else { return Step::Nothing };
    if !below.ours || below.deleting || permission.paused || permission.dry_run || permission.detaching {
        return Step::Nothing;
    }
    let step = match situation.empty_for {
        _ if below.damaged => Step::Repair,
        None => Step::Nothing,
        Some(_) if situation.wanted + situation.owned > 0 => Step::Nothing,
        Some(_) if !permission.reachable || !permission.sweep => Step::Wait(DELAY),
        Some(empty) if empty < DELAY => Step::Wait(DELAY - empty),
        Some(_) => remove(situation, below),
    };
    match step {
        Step::Repair | Step::Look | Step::Delete { .. } if !permission.lease => Step::Wait(DELAY),
        step => step,
    }
}

fn remove(situation: &Situation<'_>, below: &Below<'_>) -> Step {
    match &situation.content {
        // A look is worth something only at once.
        Some((Content::Empty, age)) if age.is_zero() => {
            Step::Delete { uid: below.uid.to_owned(), resource_version: below.resource_version.to_owned() }
        }
        Some((Content::Holds(_) | Content::Unknown(_), age)) if *age < AGAIN => Step::Wait(AGAIN - *age),
        _ => Step::Look,
    }
}

#[cfg(test)]
mod tests;
