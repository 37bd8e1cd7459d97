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

/// What a caller hears of a workspace he may not enter, and of one that does not exist: nobody learns which.
pub const NO_ACCESS: &str = "workspace access not permitted";

/// Why a scope leads to no logical cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// There is none, or none that is anybody's to know.
    Unknown,
    /// It is there and cannot be used now.
    Unavailable,
}

/// The logical clusters of a server that has them.
pub trait Workspaces: Send + Sync + 'static {
    /// The one logical cluster a scope means, as [`Scope::Id`]; of a server with a single one, that for
    /// [`Scope::None`]. [`Scope::Wildcard`] stays what it is.
    fn resolve(&self, scope: &Scope) -> Result<Scope, Unresolved>;
}
