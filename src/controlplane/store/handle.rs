//! One resource of the store, as the library reads and writes it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ClusterId, Store, Versions, encode};
use crate::{
    apiserver::{
        filters::forbidden,
        identity::Attributes,
        log::ResourceLog,
        object::{Key, Object},
        registry::{
            Registry,
            body::Protobuf,
            meta,
            store::{self, Change, Refused},
        },
        request::{ResourceRequest, Verb},
        resource::ResourceInfo,
        scope::Scope,
        snapshot::Snapshot,
        status::ApiError,
        storage::{Storage, Writer},
    },
    controlplane::{namespaces, rbac::RbacAuthorizer, workspaces::OWNER_ANNOTATION},
};

/// One served version of one resource.
#[derive(Clone)]
pub struct Handle {
    pub(super) store: Arc<Store>,
    pub(super) versions: Versions,
    /// Which of them.
    pub(super) at: usize,
    /// Who judges what may be written into roles and bindings.
    pub(super) authorizer: Arc<RbacAuthorizer>,
}

impl Handle {
    pub fn new(store: Arc<Store>, versions: Versions, at: usize, authorizer: Arc<RbacAuthorizer>) -> Self {
        Self { store, versions, at, authorizer }
    }

    fn version(&self) -> &str {
        &self.versions[self.at].info().version
    }
}

/// The logical cluster of a scope that has been resolved.
fn cluster(scope: &Scope) -> Result<ClusterId, ApiError> {
    match scope {
        Scope::Id(id) => Ok(id.clone()),
        Scope::None | Scope::Path(_) | Scope::Wildcard => Err(ApiError::unknown_path()),
    }
}

impl store::Store for Handle {
    fn snapshot(&self, scope: &Scope) -> Result<Arc<Snapshot>, ApiError> {
        let log = self.store.log(&cluster(scope)?, &self.versions, self.version());
        Ok(log.ok_or_else(ApiError::unknown_path)?.snapshot())
    }

    fn value(&self, object: &Object) -> Value {
        super::value(object)
    }

    fn shown(&self, scope: &Scope, mut object: Value) -> Value {
        if let Ok(cluster) = cluster(scope) {
            encode::annotate(meta::metadata(&mut object), &cluster);
        }
        object
    }

    fn commit(&self, scope: &Scope, key: &Key, change: Change) -> Result<Arc<Object>, Refused> {
        let cluster = cluster(scope).map_err(Refused::Other)?;
        let mut objects = self.store.commit(&cluster, &self.versions, key, change)?;
        Ok(objects.swap_remove(self.at))
    }

    fn permit(&self, request: &ResourceRequest, new: &Value, old: Option<&Value>) -> Result<(), ApiError> {
        // An update or an apply that would make the object needs the right to create it, too.
        if old.is_none() && request.verb != Verb::Create {
            let create = Attributes { verb: "create".into(), ..request.attributes.clone() };
            let verdict = self.authorizer.evaluate(&create);
            if !verdict.allowed() {
                return Err(forbidden(&create, &verdict.reason));
            }
        }
        self.authorizer.check_write(&request.attributes, new, old)
    }

    /// Who makes a workspace owns it, as kcp's admission notes it down.
    fn prepare(&self, request: &ResourceRequest, object: &mut Value) {
        let info = self.versions[self.at].info();
        if (&*info.group, &*info.resource) != ("tenancy.kcp.io", "workspaces") {
            return;
        }
        let user = &request.attributes.user;
        let owner = json!({"username": user.name, "groups": user.groups}).to_string();
        let meta = meta::metadata(object);
        let annotations = meta.entry("annotations").or_insert_with(|| json!({}));
        annotations[OWNER_ANNOTATION] = owner.into();
    }

    fn admit(&self, scope: &Scope, namespace: &str, name: &str) -> Result<(), ApiError> {
        namespaces::admit(&self.store, &cluster(scope)?, namespace, self.versions[self.at].info(), name)
    }
}

/// A resource that is read from the store and written through a [`Registry`].
pub struct Stored {
    handle: Handle,
    registry: Registry,
}

impl Stored {
    pub fn new(handle: Handle, protobuf: Option<Protobuf>) -> Self {
        let strategy = handle.versions[handle.at].clone();
        Self { registry: Registry::new(strategy, Arc::new(handle.clone()), protobuf), handle }
    }
}

impl Storage for Stored {
    fn info(&self) -> &Arc<ResourceInfo> {
        self.handle.versions[self.handle.at].info()
    }

    fn selectable_fields(&self) -> &[String] {
        self.handle.versions[self.handle.at].selectable_fields()
    }

    fn log(&self, scope: &Scope) -> Result<Arc<ResourceLog>, ApiError> {
        let (store, versions, version) = (&self.handle.store, &self.handle.versions, self.handle.version());
        let log = match scope {
            Scope::Wildcard => store.log_across(versions, version),
            scope => store.log(&cluster(scope)?, versions, version),
        };
        log.ok_or_else(ApiError::unknown_path)
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(&self.registry)
    }
}
