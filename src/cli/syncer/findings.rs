//! Everything that is wrong before a start, said at once.

use std::fmt;

/// What was found wrong, each naming its flag or file.
#[derive(Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Findings(Vec<String>);

impl Findings {
    pub fn add(&mut self, finding: impl Into<String>) {
        self.0.push(finding.into());
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, or why there is none.
    pub fn take<T>(&mut self, flag: &str, value: Result<T, impl fmt::Display>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(format!("{flag}: {error}"));
                None
            }
        }
    }

    /// Goes on only if nothing was found.
    pub fn none<T>(self, then: T) -> Result<T, Self> {
        if self.is_empty() { Ok(then) } else { Err(self) }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => f.write_str(one),
            all => {
                write!(f, "{} things are wrong, nothing was started:", all.len())?;
                all.iter().try_for_each(|one| write!(f, "\n  {one}"))
            }
        }
    }
}
