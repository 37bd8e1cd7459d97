//! What is served where: the resources of a scope and the documents that describe them.
//!
//! A server of fixed resources has one of these for its life; a control plane has other resources in each
//! workspace, and makes new documents when a definition comes or goes.

use std::sync::Arc;

use super::{discovery::Discovery, openapi::OpenApi, rest::Rest, scope::Scope};

pub trait Catalog: Send + Sync + 'static {
    /// The handlers of one resource.
    fn rest(&self, scope: &Scope, group: &str, version: &str, resource: &str) -> Option<Arc<Rest>>;

    /// `None` for a scope that does not exist.
    fn discovery(&self, scope: &Scope) -> Option<Arc<Discovery>>;

    /// The same. Apart, because it is large and few ask for it.
    fn openapi(&self, scope: &Scope) -> Option<Arc<OpenApi>>;
}

/// The same few resources in every scope.
pub struct Fixed {
    /// So few that looking at each is quicker than a map.
    resources: Vec<Arc<Rest>>,
    discovery: Arc<Discovery>,
    openapi: Arc<OpenApi>,
}

impl Fixed {
    pub fn new(resources: Vec<Rest>, openapi: OpenApi) -> Self {
        let infos: Vec<_> = resources.iter().map(|rest| rest.storage.info().clone()).collect();
        let discovery = Arc::new(Discovery::new(&infos));
        Self {
            resources: resources.into_iter().map(Arc::new).collect(),
            discovery,
            openapi: Arc::new(openapi),
        }
    }
}

impl Catalog for Fixed {
    fn rest(&self, _: &Scope, group: &str, version: &str, resource: &str) -> Option<Arc<Rest>> {
        let names = |rest: &&Arc<Rest>| {
            let info = rest.storage.info();
            *info.resource == *resource && *info.version == *version && *info.group == *group
        };
        self.resources.iter().find(names).cloned()
    }

    fn discovery(&self, _: &Scope) -> Option<Arc<Discovery>> {
        Some(self.discovery.clone())
    }

    fn openapi(&self, _: &Scope) -> Option<Arc<OpenApi>> {
        Some(self.openapi.clone())
    }
}
