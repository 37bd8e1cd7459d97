//! What is served where: the resources of a scope and the documents that describe them.
//!
//! A server of fixed resources has one of these for its life; a control plane has other resources in each
//! workspace, and makes new documents when a definition comes or goes.

use std::sync::Arc;

use super::{discovery::Discovery, openapi::OpenApi, rest::Rest, scope::Scope};

/// What describes the resources of one scope.
pub struct Documents {
    pub discovery: Discovery,
    pub openapi: OpenApi,
}

pub trait Catalog: Send + Sync + 'static {
    /// The handlers of one resource.
    fn rest(&self, scope: &Scope, group: &str, version: &str, resource: &str) -> Option<Arc<Rest>>;

    /// `None` for a scope that does not exist.
    fn documents(&self, scope: &Scope) -> Option<Arc<Documents>>;
}

/// The same few resources in every scope.
pub struct Fixed {
    /// So few that looking at each is quicker than a map.
    resources: Vec<Arc<Rest>>,
    documents: Arc<Documents>,
}

impl Fixed {
    pub fn new(resources: Vec<Rest>, openapi: OpenApi) -> Self {
        let infos: Vec<_> = resources.iter().map(|rest| rest.storage.info().clone()).collect();
        let documents = Documents { discovery: Discovery::new(&infos), openapi };
        Self { resources: resources.into_iter().map(Arc::new).collect(), documents: Arc::new(documents) }
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

    fn documents(&self, _: &Scope) -> Option<Arc<Documents>> {
        Some(self.documents.clone())
    }
}
