//! What a request is counted as. Labels come from closed sets, so that they cannot grow without bound.

use std::sync::Arc;

use crate::apiserver::{filters::Call, identity::Target, request_info::RequestInfo, resource::ResourceInfo};

/// The label values of a request, all of them from closed sets.
#[derive(Clone, Debug)]
pub struct RequestLabels {
    pub verb: &'static str,
    pub(super) served: Option<Arc<ResourceInfo>>,
    pub scope: &'static str,
}

impl RequestLabels {
    /// A resource that is not one of ours is counted without its names.
    pub fn new(call: &Call) -> Self {
        let served = call.rest.as_ref().map(|rest| rest.storage.info().clone());
        Self::of(&call.info, call.request.method(), served)
    }

    pub(super) fn of(info: &RequestInfo, method: &http::Method, served: Option<Arc<ResourceInfo>>) -> Self {
        let (named, namespaced) = match &*info.target {
            Target::Resource { name, namespace, .. } => (!name.is_empty(), !namespace.is_empty()),
            Target::NonResource { .. } => (false, false),
        };
        let scope = match &*info.target {
            Target::NonResource { .. } => "",
            Target::Resource { .. } if named => "resource",
            Target::Resource { .. } if namespaced => "namespace",
            Target::Resource { .. } => "cluster",
        };
        Self { verb: verb(info, method), served, scope }
    }

    /// Group, version and resource; empty for what is not served.
    pub fn names(&self) -> [&str; 3] {
        self.served.as_ref().map_or([""; 3], |served| [&served.group, &served.version, &served.resource])
    }

    pub(super) fn values(&self) -> [&str; 8] {
        let [group, version, resource] = self.names();
        [self.verb, "", group, version, resource, "", self.scope, "apiserver"]
    }

    /// A resource is known by its address: looking a request up should not compare names.
    pub(super) fn identity(&self) -> Identity {
        (self.verb, self.scope, self.served.as_ref().map(|served| Arc::as_ptr(served).addr()))
    }
}

/// Verb, scope and the address of the resource.
pub(super) type Identity = (&'static str, &'static str, Option<usize>);

impl PartialEq for RequestLabels {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for RequestLabels {}

fn verb(info: &RequestInfo, method: &http::Method) -> &'static str {
    match &*info.verb {
        "list" => "LIST",
        "watch" => "WATCH",
        "deletecollection" => "DELETECOLLECTION",
        _ => match method.as_str() {
            "GET" | "HEAD" => "GET",
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            "DELETE" => "DELETE",
            _ => "other",
        },
    }
}
