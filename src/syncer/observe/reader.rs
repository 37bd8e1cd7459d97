//! What is kept of an object: where it is, and a mark for each thing that is counted.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use serde_json::Value;

use super::{
    Scope,
    admits::{Admits, Labels, Meta},
    readiness::{Readiness, Standing},
    trouble::{Elsewhere, Trouble},
};
use crate::{
    api::placement::GroupResource,
    informers::{RawObject, Selection},
    syncer::{
        kind::Kind,
        ownership::{self, Ownership},
    },
};

/// What an object counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// In `total`, if its namespace is looked at.
    pub(super) counted: bool,
    pub(super) ready: bool,
}

/// One object as it is told to the tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Empty for a cluster-scoped object.
    pub(super) namespace: Box<str>,
    pub(super) name: Box<str>,
    /// Zero where versions are no numbers.
    pub(super) version: u64,
    pub(super) marks: Marks,
    pub(super) trouble: Option<Box<Trouble>>,
}

/// Reads the objects of one kind.
#[derive(Clone)]
pub(super) struct Reader {
    kind: Kind,
    scope: Scope,
    key: String,
    admits: Arc<dyn Admits>,
    readiness: Readiness,
}

#[derive(Deserialize)]
struct Annotated {
    metadata: Annotations,
}

#[derive(Deserialize)]
struct Annotations {
    #[serde(default)]
    annotations: Option<Labels>,
}

impl Reader {
    pub(super) fn new(
        kind: &Kind,
        scope: &Scope,
        admits: Arc<dyn Admits>,
        conditions: &BTreeMap<GroupResource, String>,
    ) -> Self {
        let key = match scope {
            Scope::Observe => String::new(),
            Scope::Owned(identity) => identity.key().to_owned(),
        };
        let readiness = Readiness::of(kind, conditions);
        Self { kind: kind.clone(), scope: scope.clone(), key, admits, readiness }
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    pub(super) fn tells_ready(&self) -> bool {
        self.readiness != Readiness::None
    }

    /// What is followed: all objects, since those that do not count are present all the same.
    pub(super) fn selection(&self) -> Selection {
        Selection { metadata_only: !self.tells_ready(), ..Selection::default() }
    }

    /// What has to be listed to find `total` again.
    pub(super) fn counted(&self) -> Selection {
        let labels = match self.scope {
            Scope::Observe => None,
            Scope::Owned(_) => Some(format!("{}={}", ownership::CLUSTER, self.key)),
        };
        Selection { labels, metadata_only: true, ..Selection::default() }
    }

    pub(super) fn read(&self, object: RawObject) -> Seen {
        let mut trouble = None;
        let upstream = self.counts(&object);
        let mut marks = Marks { counted: upstream.is_some(), ready: false };
        // Nobody asks whether the others are ready.
        if let Some(upstream) = upstream
            && let Some(standing) = self.readiness.judge(object.json.get())
        {
            marks.ready = standing == Standing::Ready;
            if let Standing::Troubled(found) = standing {
                trouble = Some(Box::new(Trouble { upstream, ..found }));
            }
        }
        Seen {
            namespace: object.meta.namespace.into(),
            name: object.meta.name.into(),
            version: object.meta.resource_version.parse().unwrap_or_default(),
            marks,
            trouble,
        }
    }

    /// Whether the object counts, whatever namespace it is in; and then, what it is upstream.
    pub(super) fn counts(&self, object: &RawObject) -> Option<Elsewhere> {
        let meta = &object.meta;
        match &self.scope {
            Scope::Observe => {
                let annotations = match self.admits.by_annotations() {
                    true => annotations(object.json.get()),
                    false => Labels::new(),
                };
                let seen = Meta {
                    namespace: &meta.namespace,
                    name: &meta.name,
                    labels: &meta.labels,
                    annotations: &annotations,
                };
                let counts =
                    !self.kind.is_own(&meta.namespace, &meta.name) && self.admits.object(&self.kind, &seen);
                counts.then_some(None)
            }
            Scope::Owned(identity) => {
                if meta.labels.get(ownership::CLUSTER) != Some(&self.key) {
                    return None;
                }
                let live: Value = serde_json::from_str(object.json.get()).ok()?;
                match ownership::ownership(&live, &self.kind, identity) {
                    Ownership::Ours(owner) => {
                        Some(Some(Box::new((owner.namespace.into(), owner.name.into()))))
                    }
                    Ownership::OtherSyncer(_) | Ownership::None => None,
                }
            }
        }
    }
}

fn annotations(json: &str) -> Labels {
    let read = serde_json::from_str::<Annotated>(json).ok();
    read.and_then(|object| object.metadata.annotations).unwrap_or_default()
}
