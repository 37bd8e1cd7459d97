//! The path of a workspace, as a flag.

use std::{fmt, str::FromStr};

use crate::api::workspace::{is_within, workspace_of};

const ROOT: &str = "root";

/// `root` or below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspacePath(String);

impl WorkspacePath {
    /// One that stands in this program.
    pub fn known(path: &str) -> Self {
        Self(path.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The workspaces above it that have to be made, from the top, and itself: each with its parent and name.
    pub fn steps(&self) -> Vec<(&str, &str)> {
        let ends = self.0.match_indices(':').map(|(at, _)| at).skip(1).chain([self.0.len()]);
        let prefixes = ends.map(|end| &self.0[..end]);
        prefixes.filter_map(|prefix| prefix.rsplit_once(':')).collect()
    }
}

impl fmt::Display for WorkspacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WorkspacePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match workspace_of(Some(text)).filter(|path| is_within(path, ROOT)) {
            Some(path) => Ok(Self(path.to_owned())),
            None => {
                Err("a workspace is root or below it, for example root:production or root:team-a:staging; a \
                         name has lower-case letters, digits and - between them"
                    .to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_made_step_by_step() {
        let path: WorkspacePath = "root:a:b".parse().unwrap();
        assert_eq!(path.steps(), [("root", "a"), ("root:a", "b")]);
        assert!("root".parse::<WorkspacePath>().unwrap().steps().is_empty());
        for bad in ["", "production", "root:", "root:A", "other:a", "rooted:a", "root::a"] {
            assert!(bad.parse::<WorkspacePath>().is_err(), "{bad}");
        }
    }
}
