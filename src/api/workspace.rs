//! Which workspace a target belongs to, and how workspace paths nest. Pure.

use std::sync::Arc;

/// The longest path that is taken; deeper or longer ones belong to no workspace.
const LONGEST: usize = 1024;
const DEEPEST: usize = 32;

/// The workspace of a SyncTarget of a Kubernetes source: what `spec.kcpCluster` says, to the letter, if
/// it is a workspace path; else none. One target belongs to at most one workspace.
pub fn workspace_of(kcp_cluster: Option<&str>) -> Option<&str> {
    kcp_cluster.filter(|path| is_path(path))
}

/// The path of each logical cluster, by its id.
pub trait Paths: Send + Sync + 'static {
    fn path(&self, cluster: &str) -> Option<Arc<str>>;
}

/// The workspace of a SyncTarget that a logical cluster stores: that cluster's, unless `spec.kcpCluster` names a
/// workspace below it. What it says of others would be a claim on what is not its own.
pub fn workspace_within<'a>(stored: &'a str, kcp_cluster: Option<&'a str>) -> &'a str {
    workspace_of(kcp_cluster).filter(|path| is_within(path, stored)).unwrap_or(stored)
}

/// Whether a path is another or lies below it.
pub fn is_within(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

fn is_path(path: &str) -> bool {
    path.len() <= LONGEST && path.split(':').count() <= DEEPEST && path.split(':').all(is_segment)
}

fn is_segment(segment: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !segment.is_empty()
        && !segment.starts_with('-')
        && !segment.ends_with('-')
        && segment.bytes().all(|byte| inner(byte) || byte == b'-')
}

/// The path itself and all its ancestors, from the deepest up.
pub fn lineage(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once(':').map(|(parent, _)| parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_exact_path_is_a_workspace() {
        for path in ["root", "root:production", "a-b:0:c9", "2x3kv8"] {
            assert_eq!(workspace_of(Some(path)), Some(path));
        }
        let (long, deep) = ("a".repeat(1025), vec!["a"; 33].join(":"));
        for path in
            ["", ":", "root:", ":root", "root::a", "Root", "-a", "a-", "a b", "a/b", "a.b", &long, &deep]
        {
            assert_eq!(workspace_of(Some(path)), None, "{path}");
        }
        assert_eq!(workspace_of(None), None);
    }

    #[test]
    fn a_stored_target_belongs_where_it_is_or_below() {
        for (says, expected) in [
            (None, "root:a"),
            (Some("root:a"), "root:a"),
            (Some("root:a:b:c"), "root:a:b:c"),
            (Some("root"), "root:a"),
            (Some("root:ab"), "root:a"),
            (Some("root:b"), "root:a"),
            (Some("root:a:"), "root:a"),
            (Some("root:a:B"), "root:a"),
            (Some(""), "root:a"),
        ] {
            assert_eq!(workspace_within("root:a", says), expected, "{says:?}");
        }
    }

    #[test]
    fn a_lineage_ends_at_the_first_segment() {
        assert_eq!(lineage("root:a:b").collect::<Vec<_>>(), ["root:a:b", "root:a", "root"]);
    }
}
