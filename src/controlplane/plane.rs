//! One control plane: its store, its workspaces, who may do what, and the controllers it cannot do without.
//!
//! `tmc dev` runs one for the workspaces and one for each simulated physical cluster. It owns no task and no
//! socket; whoever runs it does.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::{
    aggregation,
    catalog::{self, Catalog, Extra, Handlers},
    establish, garbage,
    kinds::addresses::Counted,
    namespaces,
    policies::Policies,
    rbac::{Door, RbacAuthorizer},
    resources::Resources,
    reviews::{Review, Reviews, Services, Tokens},
    store::Store,
    system,
    tokens::accounts::{AccountTokens, ISSUER},
    workspaces::{self, ROOT, Workspace, Workspaces},
};
use crate::apiserver::rest::{Rest, Shared};

/// A task of a control plane, with its name.
pub type Task = (&'static str, BoxFuture<'static, ()>);

#[derive(Clone)]
pub struct Plane {
    pub store: Arc<Store>,
    pub resources: Arc<Resources>,
    pub workspaces: Arc<Workspaces>,
    pub authorizer: Arc<RbacAuthorizer>,
    policies: Arc<Policies>,
    /// Of the ServiceAccounts.
    pub accounts: Arc<AccountTokens>,
}

impl Plane {
    /// With the root alone.
    pub fn new(door: Door) -> Self {
        let store = Arc::new(Store::new());
        let resources =
            Arc::new(Resources::new(system::resources(&(Arc::new(Counted::default()) as Arc<_>))));
        let workspaces = Arc::new(Workspaces::new());
        let policies = Arc::new(Policies::new(store.clone(), workspaces.clone()));
        let authorizer = Arc::new(RbacAuthorizer::new(policies.clone(), door));
        let root = Workspace { id: ROOT.into(), path: ROOT.into() };
        workspaces::seed(&store, &resources, &root, None);
        let accounts = Arc::new(AccountTokens::new(store.clone()));
        Self { store, resources, workspaces, authorizer, policies, accounts }
    }

    /// What the API server is given.
    pub fn catalog(&self, shared: Shared, tokens: Arc<dyn Tokens>, mut extra: Extra) -> Catalog {
        let (store, resources) = (self.store.clone(), self.resources.clone());
        let audiences = vec![ISSUER.to_owned()];
        let services = Arc::new(Services { authorizer: self.authorizer.clone(), tokens, audiences });
        for review in Review::ALL {
            let reviews = Reviews::new(review, services.clone(), Some(catalog::decode_protobuf));
            extra.rests.push(Arc::new(Rest::new(Arc::new(reviews), shared.clone())));
        }
        let handlers =
            Handlers { store, shared, authorizer: self.authorizer.clone(), accounts: self.accounts.clone() };
        Catalog::new(handlers, resources, self.workspaces.clone(), extra)
    }

    /// The controllers. `server` is the URL the control plane is reached by.
    pub fn tasks(&self, server: &str, shutdown: &CancellationToken) -> Vec<Task> {
        let (store, resources) = (self.store.clone(), self.resources.clone());
        let tree = self.workspaces.clone();
        let policies = self.policies.clone();
        let aggregated = aggregation::run(store.clone(), resources.clone(), policies, shutdown.clone());
        vec![
            ("aggregated roles", Box::pin(aggregated)),
            ("garbage collector", Box::pin(garbage::run(store.clone(), shutdown.clone()))),
            ("definitions", Box::pin(establish::run(store.clone(), resources.clone(), shutdown.clone()))),
            ("namespaces", Box::pin(namespaces::run(store.clone(), resources.clone(), shutdown.clone()))),
            (
                "workspaces",
                Box::pin(workspaces::run(store, resources, tree, server.to_owned(), shutdown.clone())),
            ),
        ]
    }
}
