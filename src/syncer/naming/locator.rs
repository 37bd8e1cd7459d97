//! The namespace locator: what a namespace on the cluster says of where it comes from.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    api::workload::{Base, digest},
    apiserver::managed_fields::path::compact_json,
    syncer::identity::Identity,
};

/// Annotation of a namespace on the cluster: the [`Locator`] as text.
pub const LOCATOR: &str = "kcp.io/namespace-locator";
/// Label of a namespace on the cluster: equal for all namespaces of one workspace and target.
pub const TENANT_ID: &str = "kcp.io/tenant-id";

/// What the name of every namespace begins with that is named by a hash.
pub const HASHED: &str = "kcp-";

/// Which namespace of which workspace, for which target.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Locator {
    pub sync_target: LocatedTarget,
    /// The logical cluster of the workspace. Its path in what old syncers wrote.
    #[serde(alias = "path")]
    pub cluster: String,
    pub namespace: String,
}

/// The target of a [`Locator`]. Its UID is part of it: a target that is made again gets other namespaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct LocatedTarget {
    #[serde(alias = "path")]
    pub cluster: String,
    pub name: String,
    pub uid: String,
}

impl Locator {
    pub fn new(identity: &Identity, namespace: &str) -> Self {
        let sync_target = LocatedTarget {
            cluster: identity.cluster.clone(),
            name: identity.name.clone(),
            uid: identity.uid.clone(),
        };
        Self { sync_target, cluster: identity.workspace.clone(), namespace: namespace.to_owned() }
    }

    /// What an annotation says; none if it is no locator.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The locator that an object on the cluster bears.
    pub fn of(object: &Value) -> Option<Self> {
        Self::parse(object.pointer("/metadata/annotations")?.get(LOCATOR)?.as_str()?)
    }

    /// Whether it is of this target, and of the workspace that the target serves.
    pub fn is_of(&self, identity: &Identity) -> bool {
        *self == Self::new(identity, &self.namespace)
    }

    /// The annotation's text: the JSON that Go writes, on which the names are built.
    pub fn to_text(&self) -> String {
        let quoted = |text: &str| compact_json(&Value::from(text));
        let Self { sync_target: target, cluster, namespace } = self;
        format!(
            r#"{{"syncTarget":{{"cluster":{},"name":{},"uid":{}}},"cluster":{},"namespace":{}}}"#,
            quoted(&target.cluster),
            quoted(&target.name),
            quoted(&target.uid),
            quoted(cluster),
            quoted(namespace),
        )
    }

    /// The name of the namespace on the cluster: `kcp-` and 12 digits.
    pub fn hashed_name(&self) -> String {
        let digits = digest(&self.to_text(), Base::ThirtySix);
        format!("{HASHED}{}", &digits[..digits.len().min(12)])
    }

    pub fn tenant_id(&self) -> String {
        let tenant = Self { namespace: String::new(), ..self.clone() };
        digest(&tenant.to_text(), Base::SixtyTwo)
    }
}
