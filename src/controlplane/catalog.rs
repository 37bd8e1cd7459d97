//! The handlers and documents of each logical cluster, made when they are first asked for and again when its
//! definitions have changed.
//!
//! Read by the API server for every request. What the resources are is known to `resources`, where the objects are
//! to the store.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use parking_lot::RwLock;
use serde_json::Value;

use super::{
    documents, protobuf,
    rbac::RbacAuthorizer,
    resources::Resources,
    store::{ClusterId, GroupResource, Handle, Store, Stored, Versions},
    tokens::{accounts::AccountTokens, requests::Accounts},
    workspaces::Workspaces,
};
use crate::apiserver::{
    catalog,
    discovery::Discovery,
    openapi::OpenApi,
    registry::body::Protobuf,
    rest::{Rest, Shared},
    scope::Scope,
    storage::Storage,
};

/// Group, version and resource.
type Name = [String; 3];
type Rests = HashMap<Name, Arc<Rest>>;

/// What is served beside the store, in every cluster: its handlers and the OpenAPI of their group-versions.
#[derive(Default)]
pub struct Extra {
    pub rests: Vec<Arc<Rest>>,
    /// By group-version, e.g. `apis/G/V`.
    pub openapi: BTreeMap<String, Value>,
}

/// What the handlers of a resource are made of.
pub struct Handlers {
    pub store: Arc<Store>,
    pub shared: Shared,
    pub authorizer: Arc<RbacAuthorizer>,
    pub accounts: Arc<AccountTokens>,
}

pub struct Catalog {
    handlers: Handlers,
    resources: Arc<Resources>,
    workspaces: Arc<Workspaces>,
    built_in: Rests,
    extra: Extra,
    tables: RwLock<HashMap<ClusterId, Arc<Table>>>,
    across: RwLock<HashMap<Name, (Versions, Arc<Rest>)>>,
}

/// The resources of one cluster at one generation of its definitions.
struct Table {
    generation: u64,
    custom: Rests,
    discovery: OnceLock<Arc<Discovery>>,
    openapi: OnceLock<Arc<OpenApi>>,
}

impl Catalog {
    pub fn new(
        handlers: Handlers,
        resources: Arc<Resources>,
        workspaces: Arc<Workspaces>,
        extra: Extra,
    ) -> Self {
        let mut built_in = Rests::new();
        for versions in resources.built_in() {
            built_in.extend(handlers.rests(versions));
        }
        built_in.extend(extra.rests.iter().map(|rest| (name(rest), rest.clone())));
        Self {
            handlers,
            resources,
            workspaces,
            built_in,
            extra,
            tables: RwLock::default(),
            across: RwLock::default(),
        }
    }

    fn table(&self, cluster: &ClusterId) -> Option<Arc<Table>> {
        let generation = self.resources.generation(cluster);
        if let Some(table) = self.tables.read().get(cluster)
            && table.generation == generation
        {
            return Some(table.clone());
        }
        if !self.workspaces.exists(cluster) {
            self.tables.write().remove(cluster);
            return None;
        }
        let mut custom = Rests::new();
        for versions in self.resources.custom(cluster) {
            custom.extend(self.handlers.rests(&versions));
        }
        let table =
            Arc::new(Table { generation, custom, discovery: OnceLock::new(), openapi: OnceLock::new() });
        self.tables.write().insert(cluster.clone(), table.clone());
        Some(table)
    }

    /// The handlers of a resource that some clusters define, over all of them.
    fn across(&self, name: &Name) -> Option<Arc<Rest>> {
        let versions = self.resources.find_anywhere(&GroupResource::new(name[0].clone(), name[2].clone()))?;
        if let Some((known, rest)) = self.across.read().get(name)
            && Arc::ptr_eq(known, &versions)
        {
            return Some(rest.clone());
        }
        let (_, rest) = self.handlers.rests(&versions).into_iter().find(|(made, _)| made == name)?;
        self.across.write().insert(name.clone(), (versions, rest.clone()));
        Some(rest)
    }

    /// The table of a scope's cluster, and which that is.
    fn of(&self, scope: &Scope) -> Option<(ClusterId, Arc<Table>)> {
        let cluster = match scope {
            Scope::Id(cluster) => cluster.clone(),
            _ => super::workspaces::ROOT.into(),
        };
        let table = self.table(&cluster)?;
        Some((cluster, table))
    }

    fn discover(&self, table: &Table) -> Discovery {
        let rests = self.built_in.values().chain(table.custom.values());
        let mut infos: Vec<_> = rests.map(|rest| rest.storage.info().clone()).collect();
        infos.sort_by(|a, b| (&a.group, &a.version, &a.resource).cmp(&(&b.group, &b.version, &b.resource)));
        Discovery::new(&infos)
    }

    fn describe(&self, cluster: &ClusterId) -> OpenApi {
        let mut v3: BTreeMap<String, Value> = documents::all()
            .iter()
            .map(|document| (document.path.to_owned(), document.content().clone()))
            .collect();
        v3.extend(self.extra.openapi.clone());
        for versions in self.resources.custom(cluster).iter().chain(self.resources.built_in()) {
            for strategy in versions.iter() {
                if let Some((path, document)) = strategy.openapi() {
                    documents::merge(v3.entry(path).or_insert(Value::Null), document);
                }
            }
        }
        let v2 = documents::swagger(v3.values());
        let bytes =
            |value: &Value| Bytes::from(serde_json::to_vec(value).expect("JSON values always serialize"));
        let v3 = v3.iter().map(|(path, document)| (path.clone(), bytes(document))).collect();
        OpenApi::new(bytes(&v2), v3)
    }
}

impl catalog::Catalog for Catalog {
    fn rest(&self, scope: &Scope, group: &str, version: &str, resource: &str) -> Option<Arc<Rest>> {
        let name = [group.to_owned(), version.to_owned(), resource.to_owned()];
        if let Some(rest) = self.built_in.get(&name) {
            return Some(rest.clone());
        }
        match scope {
            Scope::Id(cluster) => self.table(cluster)?.custom.get(&name).cloned(),
            Scope::Wildcard => self.across(&name),
            Scope::None | Scope::Path(_) => None,
        }
    }

    fn discovery(&self, scope: &Scope) -> Option<Arc<Discovery>> {
        let (_, table) = self.of(scope)?;
        Some(table.discovery.get_or_init(|| Arc::new(self.discover(&table))).clone())
    }

    fn openapi(&self, scope: &Scope) -> Option<Arc<OpenApi>> {
        let (cluster, table) = self.of(scope)?;
        Some(table.openapi.get_or_init(|| Arc::new(self.describe(&cluster))).clone())
    }
}

impl Handlers {
    /// Those of one resource, one for each version.
    fn rests(&self, versions: &Versions) -> Vec<(Name, Arc<Rest>)> {
        let rest = |at: usize| {
            let rest = Arc::new(Rest::new(self.storage(versions, at), self.shared.clone()));
            (name(&rest), rest)
        };
        (0..versions.len()).map(rest).collect()
    }

    fn storage(&self, versions: &Versions, at: usize) -> Arc<dyn Storage> {
        let protobuf = Some(decode_protobuf as Protobuf);
        let handle = Handle::new(self.store.clone(), versions.clone(), at, self.authorizer.clone());
        let stored = Stored::new(handle, protobuf);
        let info = versions[at].info();
        if (&*info.group, &*info.resource) == ("", "serviceaccounts") {
            return Arc::new(Accounts::new(stored, self.accounts.clone(), protobuf));
        }
        Arc::new(stored)
    }
}

/// The protobuf bodies of built-in kinds.
pub fn decode_protobuf(body: &[u8], api_version: &str, kind: &str) -> Result<Value, String> {
    protobuf::decode(body, api_version, kind).map_err(|error| match kind {
        "DeleteOptions" => error.to_string(),
        kind => error.refusal(kind, body),
    })
}

fn name(rest: &Rest) -> Name {
    let info = rest.storage.info();
    [info.group.to_string(), info.version.to_string(), info.resource.to_string()]
}
