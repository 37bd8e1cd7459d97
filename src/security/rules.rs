//! The one table of every permission: the manifests are made from it, `tmc doctor` asks about it.
//!
//! It holds what is granted, to whom and in which namespace. It must not know how an object is applied.

use serde_json::{Value, json};

mod permission;
mod policy;
pub mod syncer;
#[cfg(test)]
mod tests;

pub use permission::{Permission, server_permissions};
pub use policy::{Fenced, OWNER_LABEL, fence};

pub const VIEWS_GROUP: &str = "views.workload.kcp.io";
/// The one APIService that is ours, and the only one the server may patch.
pub const API_SERVICE: &str = "v1alpha1.views.workload.kcp.io";
/// The one Secret that is ours, and the only one the server may read.
pub const SERVING_CA_SECRET: &str = "tmc-serving-ca";
/// Where the leases of the SyncTargets are, whichever namespace the server runs in.
pub const LEASE_NAMESPACE: &str = "tmc-system";
/// Its holder is the server that writes about heartbeats.
pub const LEADER_LEASE: &str = "tmc-heartbeat";
/// Its holder is the server that combines statuses.
pub const STATUS_LEASE: &str = "tmc-status";
pub const SERVICE_ACCOUNT: &str = "tmc";
pub const DOOR: &str = "tmc-views-door";
pub const READER: &str = "tmc-views-reader";
pub const SERVER: &str = "tmc-server";

/// Verbs on resources of one API group; `names` empty means every name.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub group: &'static str,
    pub resources: &'static [&'static str],
    pub names: &'static [&'static str],
    pub verbs: &'static [&'static str],
}

impl Rule {
    const fn on(
        group: &'static str,
        resources: &'static [&'static str],
        verbs: &'static [&'static str],
    ) -> Self {
        Self { group, resources, names: &[], verbs }
    }

    const fn named(self, names: &'static [&'static str]) -> Self {
        Self { names, ..self }
    }

    /// As in `rules` of a Role or ClusterRole.
    pub fn to_json(&self) -> Value {
        let mut rule = json!({"apiGroups": [self.group], "resources": self.resources, "verbs": self.verbs});
        if !self.names.is_empty() {
            rule["resourceNames"] = json!(self.names);
        }
        rule
    }
}

/// Where a set of rules holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Cluster,
    /// The namespace of the server itself.
    ServerNamespace,
    LeaseNamespace,
    KubeSystem,
}

impl Reach {
    /// The namespace a Role of this reach is in; `None` for the whole cluster.
    pub fn namespace<'a>(&self, server_namespace: &'a str) -> Option<&'a str> {
        match self {
            Self::Cluster => None,
            Self::ServerNamespace => Some(server_namespace),
            Self::LeaseNamespace => Some(LEASE_NAMESPACE),
            Self::KubeSystem => Some("kube-system"),
        }
    }
}

/// Rules that the server's ServiceAccount gets, through a role of this name.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub role: &'static str,
    pub reach: Reach,
    /// A role that every Kubernetes already has, which is only bound.
    pub builtin: bool,
    /// Only where the server keeps its own serving CA.
    pub own_ca: bool,
    pub rules: &'static [Rule],
}

const READ: &[&str] = &["get", "list", "watch"];
const CREATE: &[&str] = &["create"];
const PATCH: &[&str] = &["patch"];

/// What combines the status of a workload that runs on several clusters: it reads the workloads whole, since its
/// copies are annotations, and writes nothing of them but their status.
pub const STATUS_RULES: &[Rule] = &[
    Rule::on("", &["services", "persistentvolumeclaims"], READ),
    Rule::on("", &["services/status", "persistentvolumeclaims/status"], PATCH),
    Rule::on("apps", &["deployments", "replicasets", "statefulsets", "daemonsets"], READ),
    Rule::on(
        "apps",
        &["deployments/status", "replicasets/status", "statefulsets/status", "daemonsets/status"],
        PATCH,
    ),
    Rule::on("batch", &["jobs", "cronjobs"], READ),
    Rule::on("batch", &["jobs/status", "cronjobs/status"], PATCH),
    Rule::on("networking.k8s.io", &["ingresses"], READ),
    Rule::on("networking.k8s.io", &["ingresses/status"], PATCH),
];

/// What `tmc serve` needs, and nothing else.
pub const SERVER_GRANTS: &[Grant] = &[
    Grant {
        role: SERVER,
        reach: Reach::Cluster,
        builtin: false,
        own_ca: false,
        rules: &[
            Rule::on("workload.kcp.io", &["synctargets"], READ),
            // The conditions that follow from heartbeats.
            Rule::on("workload.kcp.io", &["synctargets/status"], PATCH),
            // Only hints which names to ask about; every decision is a SubjectAccessReview.
            Rule::on(
                "rbac.authorization.k8s.io",
                &["clusterroles", "clusterrolebindings"],
                &["list", "watch"],
            ),
        ],
    },
    Grant {
        role: "tmc-server-leases",
        reach: Reach::LeaseNamespace,
        builtin: false,
        own_ca: false,
        rules: &[
            // One is made for each SyncTarget, for its syncer to renew.
            Rule::on("coordination.k8s.io", &["leases"], &["get", "list", "watch", "create"]),
            // Of several servers one writes about heartbeats, and one combines statuses.
            Rule::on("coordination.k8s.io", &["leases"], PATCH).named(&[LEADER_LEASE, STATUS_LEASE]),
        ],
    },
    Grant {
        role: "tmc-server-status",
        reach: Reach::Cluster,
        builtin: false,
        own_ca: false,
        rules: STATUS_RULES,
    },
    Grant {
        role: "tmc-server-serving-ca",
        reach: Reach::ServerNamespace,
        builtin: false,
        own_ca: true,
        rules: &[Rule::on("", &["secrets"], &["get", "patch"]).named(&[SERVING_CA_SECRET])],
    },
    Grant {
        role: "tmc-server-apiservice",
        reach: Reach::Cluster,
        builtin: false,
        own_ca: true,
        rules: &[
            Rule::on("apiregistration.k8s.io", &["apiservices"], &["get", "patch"]).named(&[API_SERVICE])
        ],
    },
    Grant {
        role: "system:auth-delegator",
        reach: Reach::Cluster,
        builtin: true,
        own_ca: false,
        rules: &[
            Rule::on("authentication.k8s.io", &["tokenreviews"], CREATE),
            Rule::on("authorization.k8s.io", &["subjectaccessreviews"], CREATE),
        ],
    },
    Grant {
        role: "extension-apiserver-authentication-reader",
        reach: Reach::KubeSystem,
        builtin: true,
        own_ca: false,
        rules: &[Rule::on("", &["configmaps"], READ).named(&["extension-apiserver-authentication"])],
    },
];

/// A ClusterRole for the people who read views.
#[derive(Clone, Copy, Debug)]
pub struct UserRole {
    pub name: &'static str,
    pub aggregate_to_view: bool,
    /// The group it is bound to, if it is bound at all.
    pub bound_to: Option<&'static str>,
    pub rules: &'static [Rule],
}

/// kube-apiserver authorizes `list` before it proxies: the door lets a request through and shows nothing.
pub const DOOR_ROLE: UserRole = UserRole {
    name: DOOR,
    aggregate_to_view: false,
    bound_to: Some("system:authenticated"),
    rules: &[Rule::on(VIEWS_GROUP, &["aggregatedviews", "aggregatedtrees"], &["list", "watch"])],
};

/// Every view, no tree: a tree grants the numbers of a whole subtree and is granted apart.
pub const READER_ROLE: UserRole = UserRole {
    name: READER,
    aggregate_to_view: true,
    bound_to: None,
    rules: &[Rule::on(VIEWS_GROUP, &["aggregatedviews"], READ)],
};
