//! Workspaces as kcp has them: a tree of logical clusters, each with an id and a path.
//!
//! A Workspace object in the parent makes one, and its deletion empties it. Read by the filters to resolve the
//! scope of a request, and by the catalog. It knows the two kinds that are about workspaces and no other.

mod controller;
mod seed;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::RwLock;

use super::store::{ClusterId, GroupResource};
use crate::{
    api::workspace::Paths,
    apiserver::scope::{self, Scope, Unresolved},
};
pub use controller::run;
pub use seed::{Origin, create, seed};

/// Who made a workspace, on its object.
pub const OWNER_ANNOTATION: &str = "experimental.tenancy.kcp.io/owner";
/// The id and the path of the workspace above all others.
pub const ROOT: &str = "root";

pub fn workspaces() -> GroupResource {
    GroupResource::new("tenancy.kcp.io", "workspaces")
}

pub fn logical_clusters() -> GroupResource {
    GroupResource::new("core.kcp.io", "logicalclusters")
}

/// One logical cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub id: ClusterId,
    pub path: Arc<str>,
}

#[derive(Default)]
struct Tree {
    by_id: HashMap<ClusterId, Workspace>,
    by_path: BTreeMap<Arc<str>, ClusterId>,
}

/// The workspaces there are now.
#[derive(Default)]
pub struct Workspaces(RwLock<Tree>);

impl Workspaces {
    /// With the root alone.
    pub fn new() -> Self {
        let workspaces = Self::default();
        workspaces.add(Workspace { id: ROOT.into(), path: ROOT.into() });
        workspaces
    }

    pub fn exists(&self, id: &str) -> bool {
        self.0.read().by_id.contains_key(id)
    }

    pub fn path(&self, id: &str) -> Option<Arc<str>> {
        self.0.read().by_id.get(id).map(|workspace| workspace.path.clone())
    }

    pub fn id(&self, path: &str) -> Option<ClusterId> {
        self.0.read().by_path.get(path).cloned()
    }

    /// All of them, by path.
    pub fn all(&self) -> Vec<Workspace> {
        let tree = self.0.read();
        tree.by_path.values().filter_map(|id| tree.by_id.get(id)).cloned().collect()
    }

    pub(super) fn add(&self, workspace: Workspace) {
        let mut tree = self.0.write();
        tree.by_path.insert(workspace.path.clone(), workspace.id.clone());
        tree.by_id.insert(workspace.id.clone(), workspace);
    }

    fn remove(&self, id: &str) {
        let mut tree = self.0.write();
        if let Some(workspace) = tree.by_id.remove(id) {
            tree.by_path.remove(&workspace.path);
        }
    }
}

impl scope::Workspaces for Workspaces {
    /// Without a prefix a request is for the root. A path's first segment may be any id, as in kcp.
    fn resolve(&self, scope: &Scope) -> Result<Scope, Unresolved> {
        let tree = self.0.read();
        let found = match scope {
            Scope::Wildcard => return Ok(Scope::Wildcard),
            Scope::None => Some(ROOT.into()),
            Scope::Id(id) => tree.by_id.get(id).map(|workspace| workspace.id.clone()),
            Scope::Path(path) => tree.by_path.get(path).cloned().or_else(|| {
                let (first, rest) = path.split_once(':')?;
                let above = tree.by_id.get(first)?;
                tree.by_path.get(format!("{}:{rest}", above.path).as_str()).cloned()
            }),
        };
        found.map(Scope::Id).ok_or(Unresolved::Unknown)
    }
}

impl Paths for Workspaces {
    fn path(&self, cluster: &str) -> Option<Arc<str>> {
        Self::path(self, cluster)
    }
}
