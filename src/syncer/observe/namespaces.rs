//! Which namespaces are looked at, as their labels and our locators say.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Deserialize;

use super::{
    Scope,
    admits::{Admits, Labels, namespace},
};
use crate::{
    api::workload::NamespaceMapping,
    informers::RawObject,
    syncer::{
        identity::Identity,
        naming::{LOCATOR, Locator},
    },
};

/// Judges a namespace.
#[derive(Clone)]
pub(super) struct Judge {
    admits: Arc<dyn Admits>,
    /// Namespaces count that bear our locator.
    mapped: Option<Identity>,
}

/// One namespace, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) name: Box<str>,
    pub(super) admitted: bool,
}

#[derive(Deserialize)]
struct Located {
    metadata: Annotated,
}

#[derive(Deserialize)]
struct Annotated {
    #[serde(default)]
    annotations: Option<Labels>,
}

impl Judge {
    pub(super) fn new(scope: &Scope, admits: Arc<dyn Admits>) -> Self {
        let mapped = match scope {
            Scope::Owned(identity) if identity.namespace_mapping == NamespaceMapping::Hashed => {
                Some(identity.clone())
            }
            Scope::Owned(_) | Scope::Observe => None,
        };
        Self { admits, mapped }
    }

    /// Whether namespaces have to be followed at all.
    pub(super) fn follows(&self) -> bool {
        self.mapped.is_some() || self.admits.by_namespace_labels()
    }

    pub(super) fn read(&self, object: RawObject) -> Judged {
        let admitted = match &self.mapped {
            // What we mapped was admitted by the labels it has upstream.
            Some(identity) => locator(object.json.get()).is_some_and(|locator| locator.is_of(identity)),
            None => namespace(&*self.admits, &object.meta.name, Some(&object.meta.labels)),
        };
        Judged { name: object.meta.name.into(), admitted }
    }

    /// Of a namespace of which nothing is known but its name.
    fn unknown(&self, name: &str) -> bool {
        !self.follows() && namespace(&*self.admits, name, None)
    }
}

fn locator(json: &str) -> Option<Locator> {
    let annotations = serde_json::from_str::<Located>(json).ok()?.metadata.annotations?;
    Locator::parse(annotations.get(LOCATOR)?)
}

/// All namespaces there are.
pub(super) struct Namespaces {
    judge: Judge,
    known: BTreeMap<Box<str>, bool>,
}

impl Namespaces {
    pub(super) fn new(judge: Judge) -> Self {
        Self { judge, known: BTreeMap::new() }
    }

    /// Whether what is in the namespace counts. An empty name is that of no namespace.
    pub(super) fn admits(&self, name: &str) -> bool {
        name.is_empty() || self.known.get(name).copied().unwrap_or_else(|| self.judge.unknown(name))
    }

    /// Everything there is. Returns the namespaces that may be judged otherwise now.
    pub(super) fn reset(&mut self, all: Vec<Judged>) -> BTreeSet<Box<str>> {
        let new: BTreeMap<_, _> = all.into_iter().map(|judged| (judged.name, judged.admitted)).collect();
        let old = std::mem::replace(&mut self.known, new);
        let stays = |name: &str, admitted: bool| self.known.get(name) == Some(&admitted);
        let gone =
            old.iter().filter(|(name, admitted)| !stays(name, **admitted)).map(|(name, _)| name.clone());
        let come = self.known.keys().filter(|name| !old.contains_key(*name)).cloned();
        gone.chain(come).collect()
    }

    /// Returns whether the namespace may be judged otherwise now.
    pub(super) fn apply(&mut self, judged: &Judged) -> bool {
        self.known.insert(judged.name.clone(), judged.admitted) != Some(judged.admitted)
    }

    pub(super) fn delete(&mut self, judged: &Judged) -> bool {
        self.known.remove(&judged.name).is_some()
    }

    /// As it is now, for who looks later.
    pub(super) fn snapshot(&self) -> Self {
        Self { judge: self.judge.clone(), known: self.known.clone() }
    }
}
