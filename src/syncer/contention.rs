//! Fields that are set right again and again since somebody keeps changing them back: left to him for a while.
//!
//! More than five corrections of a field within ten minutes leave it alone, first for a minute, at last for an hour.
//! Pure. It must not know how a field is corrected.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

const WINDOW: Duration = Duration::from_secs(600);
const CORRECTIONS: usize = 5;
const FIRST: Duration = Duration::from_secs(60);
const LAST: Duration = Duration::from_secs(3_600);

/// The contended fields of one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contention {
    fields: BTreeMap<String, Field>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Field {
    corrected: VecDeque<Duration>,
    wait: Duration,
    until: Option<Duration>,
    manager: Option<String>,
}

impl Contention {
    /// The field was set right.
    pub fn corrected(&mut self, field: &str, now: Duration) {
        let field = self.fields.entry(field.to_owned()).or_default();
        field.corrected.push_back(now);
        while field.corrected.front().is_some_and(|at| *at + WINDOW < now) {
            field.corrected.pop_front();
        }
        if field.corrected.len() > CORRECTIONS {
            field.wait = (field.wait * 2).clamp(FIRST, LAST);
            field.until = Some(now + field.wait);
            // One more correction after the wait is one too many again.
            field.corrected.pop_front();
        }
    }

    /// Who else writes the field.
    pub fn name(&mut self, field: &str, manager: &str) {
        if let Some(field) = self.fields.get_mut(field) {
            field.manager = Some(manager.to_owned());
        }
    }

    /// Nobody was found who writes the field.
    pub fn name_if_none(&mut self, field: &str) {
        if let Some(field) = self.fields.get_mut(field) {
            field.manager.get_or_insert_with(|| "somebody".to_owned());
        }
    }

    /// The fields that are left alone now, in order.
    pub fn left(&self, now: Duration) -> Vec<String> {
        let left = self.fields.iter().filter(|(_, field)| field.until.is_some_and(|until| now < until));
        left.map(|(path, _)| path.clone()).collect()
    }

    /// A field that is left alone, and whose other writer is not known.
    pub fn nameless(&self, now: Duration) -> bool {
        self.fields
            .values()
            .any(|field| field.manager.is_none() && field.until.is_some_and(|until| now < until))
    }

    /// When the next field is tried again.
    pub fn next(&self, now: Duration) -> Option<Duration> {
        self.fields.values().filter_map(|field| field.until).filter(|until| *until > now).min()
    }

    /// What is contended now, in words.
    pub fn describe(&self, now: Duration) -> Vec<String> {
        let contended = self.fields.iter().filter(|(_, field)| field.until.is_some_and(|until| now < until));
        contended
            .map(|(path, field)| {
                let manager = field.manager.as_deref().unwrap_or("somebody");
                format!("{path} is kept changed by {manager}")
            })
            .collect()
    }

    /// Forgets what has been quiet for long; whether anything is left.
    pub fn prune(&mut self, now: Duration) -> bool {
        self.fields.retain(|_, field| {
            let last =
                field.corrected.back().copied().unwrap_or_default().max(field.until.unwrap_or_default());
            last + LAST > now
        });
        !self.fields.is_empty()
    }
}

#[cfg(test)]
mod tests;
