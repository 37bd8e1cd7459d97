//! What is kept of an object that is followed: very little, unless several targets sync it.

use std::sync::Arc;

use serde::Deserialize;

use super::targets::Target;
use crate::{
    api::share::FINALIZER,
    informers::{RawObject, Resource, kept},
};

/// What the sources tell.
#[derive(Debug)]
pub(super) enum Seen {
    /// `None`: it serves no workspace, or cannot be read.
    Target { id: Arc<str>, target: Option<Target> },
    /// `None`: at most one target syncs it.
    Object { id: Arc<str>, shared: Option<Box<Shared>> },
}

/// An object that several targets sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shared {
    pub kind: Resource,
    /// The logical cluster it is in; empty where there are none.
    pub cluster: String,
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub version: String,
    /// Keys of the targets.
    pub targets: Vec<String>,
}

#[derive(Deserialize)]
struct Raw {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    finalizers: Option<Vec<String>>,
}

impl Seen {
    pub fn target(object: &RawObject) -> Self {
        Self::Target { id: (*object.meta.id()).into(), target: Target::read(object) }
    }

    pub fn object(kind: Resource, object: &RawObject) -> Self {
        Self::Object { id: (*object.meta.id()).into(), shared: Shared::read(kind, object).map(Box::new) }
    }

    pub fn id(&self) -> &Arc<str> {
        match self {
            Self::Target { id, .. } | Self::Object { id, .. } => id,
        }
    }
}

impl Shared {
    fn read(kind: Resource, object: &RawObject) -> Option<Self> {
        let Raw { metadata } = serde_json::from_str(object.json.get()).ok()?;
        let finalizers = metadata.finalizers.unwrap_or_default();
        let targets: Vec<_> =
            finalizers.iter().filter_map(|name| name.strip_prefix(FINALIZER)).map(str::to_owned).collect();
        let meta = &object.meta;
        (targets.len() > 1).then(|| Self {
            kind,
            cluster: meta.cluster.clone(),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            version: meta.resource_version.clone(),
            targets,
        })
    }

    /// `deployments.apps`, and `deployments/status.apps` as RBAC knows it.
    pub fn rights(&self) -> [&'static str; 2] {
        let (plural, status) = (self.kind.to_string(), format!("{}/status", self.kind));
        [kept(&plural), kept(&status)]
    }
}
