//! Aggregated views in workspaces: a request in one sees the rows of that workspace and of those below, each where
//! its caller may `get` it in the row's own workspace.
//!
//! Puts the views' storages into every scope and judges names for filters, lists and watches. Asks RBAC in this
//! process, for every row anew; it must not know what a row holds or how it came to be.

mod set;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    rbac::{RbacAuthorizer, Verdict},
    store::Store,
    workspaces::Workspaces,
};
use crate::{
    api::{views, workspace::is_within},
    apiserver::{
        identity::{Attributes, Authorizer, Decision, Target, User},
        log::ResourceLog,
        object::Key,
        resource::ResourceInfo,
        scope::{NO_ACCESS, Scope},
        status::ApiError,
        storage::Storage,
    },
};
pub use set::ViewsAccess;

/// The resource whose rows sum up everything below a workspace.
const TREES: &str = "aggregatedtrees";

/// Judges rows by their names, which are paths of workspaces.
#[derive(Clone)]
pub struct Rows {
    store: Arc<Store>,
    workspaces: Arc<Workspaces>,
    authorizer: Arc<RbacAuthorizer>,
    /// Where the trees are, to know what is in one.
    trees: Arc<ResourceLog>,
}

impl Rows {
    pub fn new(
        store: Arc<Store>,
        workspaces: Arc<Workspaces>,
        authorizer: Arc<RbacAuthorizer>,
        trees: Arc<ResourceLog>,
    ) -> Self {
        Self { store, workspaces, authorizer, trees }
    }

    /// Whether a row belongs into a scope, whoever asks.
    fn within(&self, scope: &Scope, name: &str) -> bool {
        match scope {
            Scope::Wildcard => true,
            Scope::Id(cluster) => self.workspaces.path(cluster).is_some_and(|path| is_within(name, &path)),
            Scope::None | Scope::Path(_) => false,
        }
    }

    /// Whether this caller may see a row that belongs into the scope he asks in.
    fn visible(&self, user: &Arc<User>, resource: &str, name: &str) -> bool {
        self.may_get(user, resource, name) && (resource != TREES || self.may_get_all_below(user, name))
    }

    /// Whether the caller is one whom nothing is refused.
    fn sees_all(&self, door: &Attributes) -> bool {
        self.authorizer.evaluate(&Attributes { scope: Scope::Wildcard, ..door.clone() }).allowed()
    }

    /// In the row's own workspace; where there is none, only who may do everything sees it.
    fn may_get(&self, user: &Arc<User>, resource: &str, name: &str) -> bool {
        let scope = self.workspaces.id(name).map_or(Scope::Wildcard, Scope::Id);
        self.authorizer.evaluate(&get(user, scope, resource, name)).allowed()
    }

    /// A tree shows numbers of every workspace in it, so all of them must be his to see.
    fn may_get_all_below(&self, user: &Arc<User>, name: &str) -> bool {
        let all = self.workspaces.all();
        let there = all.iter().map(|workspace| &*workspace.path).filter(|path| is_within(path, name));
        let snapshot = self.trees.snapshot();
        let floor = Key { namespace: "".into(), name: format!("{name}:").into() };
        let summed = snapshot.after(&floor).map(|object| &*object.key.name);
        let summed = summed.take_while(|path| is_within(path, name));
        there.chain(summed).all(|path| self.may_get(user, TREES, path))
    }

    /// The answer to a `get` of one row; `None` for any other question.
    fn judge(&self, attributes: &Attributes) -> Option<Verdict> {
        let Target::Resource { group, resource, subresource, name, .. } = &*attributes.target else {
            return None;
        };
        let Scope::Id(cluster) = &attributes.scope else { return None };
        if group != views::GROUP || attributes.verb != "get" || name.is_empty() || !subresource.is_empty() {
            return None;
        }
        let user = &attributes.user;
        let own = self.workspaces.path(cluster).is_some_and(|path| *path == **name);
        if own && resource != TREES {
            return Some(self.authorizer.evaluate(attributes));
        }
        let outside = !self.within(&attributes.scope, name);
        // Of what is outside nobody learns more than that it is not here.
        let asked = if outside { Scope::Wildcard } else { attributes.scope.clone() };
        let door = Attributes {
            verb: "access".into(),
            scope: asked,
            target: Arc::new(Target::NonResource { path: "/".to_owned() }),
            user: user.clone(),
        };
        let allowed =
            self.authorizer.evaluate(&door).allowed() && (outside || self.visible(user, resource, name));
        Some(if allowed { Verdict::allow("") } else { Verdict::no_opinion(NO_ACCESS) })
    }
}

fn get(user: &Arc<User>, scope: Scope, resource: &str, name: &str) -> Attributes {
    Attributes {
        user: user.clone(),
        verb: "get".into(),
        scope,
        target: Arc::new(Target::Resource {
            group: views::GROUP.to_owned(),
            version: views::VERSION.to_owned(),
            resource: resource.to_owned(),
            subresource: String::new(),
            namespace: String::new(),
            name: name.to_owned(),
        }),
    }
}

/// The authorizer of a control plane that serves views: RBAC, but for a single row that of its own workspace.
pub struct ViewsAuthorizer(pub Rows);

#[async_trait]
impl Authorizer for ViewsAuthorizer {
    async fn authorize(&self, attributes: &Attributes) -> Result<Decision, ApiError> {
        match self.0.judge(attributes) {
            Some(verdict) if verdict.allowed() => Ok(Decision::Allow),
            Some(verdict) => Ok(Decision::Deny { reason: verdict.reason }),
            None => self.0.authorizer.authorize(attributes).await,
        }
    }
}

/// One resource of the views in every workspace.
pub struct WorkspaceViews {
    pub views: Arc<dyn Storage>,
    pub rows: Rows,
}

impl Storage for WorkspaceViews {
    fn info(&self) -> &Arc<ResourceInfo> {
        self.views.info()
    }

    /// One for all scopes: which of its rows are shown is asked of [`ViewsAccess`] and of [`Self::shows`].
    fn log(&self, scope: &Scope) -> Result<Arc<ResourceLog>, ApiError> {
        match scope {
            Scope::Id(_) | Scope::Wildcard => self.views.log(&Scope::None),
            Scope::None | Scope::Path(_) => Err(ApiError::unknown_path()),
        }
    }

    fn shows(&self, scope: &Scope, name: &str) -> bool {
        self.rows.within(scope, name)
    }
}
