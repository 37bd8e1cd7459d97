//! Which logical cluster a request is about: the `/clusters/…` prefix, parsed once and carried in every key.

use std::sync::Arc;

/// The scope a request names before its API path. A server without workspaces sees only [`Scope::None`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// No `/clusters/` prefix: the one source that has no logical clusters.
    #[default]
    None,
    /// `/clusters/<logical cluster id>`.
    Id(Arc<str>),
    /// `/clusters/<workspace path>`, e.g. `root:production`.
    Path(Arc<str>),
    /// `/clusters/*`: every logical cluster, for privileged list and watch only.
    Wildcard,
}
