//! A kind of object, as discovery names it: where its objects are found, and how they say what they are.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::naming;
use crate::{api::placement::GroupResource, informers::Resource};

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Groups whose kinds Kubernetes itself serves.
const BUILTIN: [&str; 18] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    /// Empty for the core group.
    pub group: String,
    pub version: String,
    /// Plural, as in a path.
    pub resource: String,
    /// As in `kind`.
    pub kind: String,
    pub namespaced: bool,
}

impl Kind {
    pub fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `deployments.apps`, `secrets`: for people, flags and metrics.
    pub fn id(&self) -> String {
        match self.group.as_str() {
            "" => self.resource.clone(),
            group => format!("{}.{group}", self.resource),
        }
    }

    /// Whether Kubernetes itself serves it, so that its fields are known.
    pub fn is_builtin(&self) -> bool {
        BUILTIN.contains(&self.group.as_str())
    }

    /// Whether every cluster makes an object of this name for itself. Such a one is no workload.
    pub fn is_own(&self, namespace: &str, name: &str) -> bool {
        match (self.group.as_str(), self.resource.as_str()) {
            ("", "configmaps") => name == naming::ROOT_CA,
            ("", "serviceaccounts") => name == "default",
            ("", "services" | "endpoints") | ("discovery.k8s.io", "endpointslices") => {
                (namespace, name) == ("default", "kubernetes")
            }
            _ => false,
        }
    }

    /// Whether it is this resource of the core group.
    pub fn is_core(&self, resource: &str) -> bool {
        self.group.is_empty() && self.resource == resource
    }

    pub fn group_resource(&self) -> GroupResource {
        GroupResource { group: self.group.clone(), resource: self.resource.clone() }
    }

    /// What an informer follows, in all namespaces.
    pub fn informed(&self) -> Resource {
        Resource::named(&self.group, &self.version, &self.resource)
    }

    /// The path of one object. `namespace` is empty for a cluster-scoped one.
    pub fn path(&self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), segment(name))
    }

    /// The path of all objects of a namespace, or with an empty one of the cluster.
    pub fn collection(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let place = match namespace {
            "" => String::new(),
            namespace => format!("/namespaces/{}", segment(namespace)),
        };
        format!("{root}/{}{place}/{}", self.api_version(), self.resource)
    }
}

fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        let kind = |group: &str, resource: &str, namespaced| Kind {
            group: group.to_owned(),
            version: "v1".to_owned(),
            resource: resource.to_owned(),
            kind: "K".to_owned(),
            namespaced,
        };
        let deployments = kind("apps", "deployments", true);
        assert_eq!(deployments.path("a", "b"), "/apis/apps/v1/namespaces/a/deployments/b");
        assert_eq!(deployments.collection(""), "/apis/apps/v1/deployments");
        assert_eq!(deployments.id(), "deployments.apps");
        let volumes = kind("", "persistentvolumes", false);
        assert_eq!(volumes.path("", "a/b"), "/api/v1/persistentvolumes/a%2Fb");
        assert_eq!(volumes.id(), "persistentvolumes");
    }
}
