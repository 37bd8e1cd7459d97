//! Which kinds are asked for: those of `--resource-types`, or the ones a workload is usually made of. Pure.

use std::collections::BTreeSet;

use crate::{api::placement::GroupResource, security::rules::syncer::default_kinds};

/// Not workloads: the syncer makes namespaces as they are needed, and nodes are the cluster's.
const NEVER: [&str; 2] = ["namespaces", "nodes"];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Those of these that there are.
    #[default]
    Default,
    /// Those of these that there are: some beside the default.
    More(BTreeSet<Want>),
    /// All of these; one that is missing is named.
    Listed(BTreeSet<Want>),
}

/// One kind that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// Plural.
    pub resource: String,
    /// `None`: the first group that has it.
    pub group: Option<String>,
}

impl Want {
    fn of(kind: GroupResource) -> Self {
        Self { resource: kind.resource, group: Some(kind.group) }
    }

    /// Its name while nobody knows its group.
    pub fn name(&self) -> GroupResource {
        GroupResource { group: self.group.clone().unwrap_or_default(), resource: self.resource.clone() }
    }
}

impl Wanted {
    /// Reads `plural` or `plural.group`; nothing at all means the default.
    ///
    /// # Errors
    /// All findings, each with the flag and what to write.
    pub fn parse<T: AsRef<str>>(types: &[T]) -> Result<Self, Vec<String>> {
        let (mut wants, mut findings) = (BTreeSet::new(), Vec::new());
        for text in types.iter().map(|text| text.as_ref().trim()).filter(|text| !text.is_empty()) {
            match want(text) {
                Ok(want) => drop(wants.insert(want)),
                Err(finding) => findings.push(format!("--resource-types: {text:?} {finding}")),
            }
        }
        match (findings.is_empty(), wants.is_empty()) {
            (false, _) => Err(findings),
            (true, true) => Ok(Self::Default),
            (true, false) => Ok(Self::Listed(wants)),
        }
    }

    pub fn wants(&self) -> BTreeSet<Want> {
        match self {
            Self::Default => default_kinds().into_iter().map(Want::of).collect(),
            Self::More(wants) | Self::Listed(wants) => wants.clone(),
        }
    }

    /// These kinds, too.
    pub fn with(&self, more: impl IntoIterator<Item = GroupResource>) -> Self {
        let wants = self.wants().into_iter().chain(more.into_iter().map(Want::of)).collect();
        match self {
            Self::Default | Self::More(_) => Self::More(wants),
            Self::Listed(_) => Self::Listed(wants),
        }
    }

    /// The groups that have to be looked into; `None`: all.
    pub fn groups(&self) -> Option<BTreeSet<String>> {
        self.wants().into_iter().map(|want| want.group).collect()
    }
}

fn want(text: &str) -> Result<Want, &'static str> {
    let (resource, group) = match text.split_once('.') {
        Some((resource, group)) => (resource, Some(group)),
        None => (text, None),
    };
    let is_label = |text: &str| {
        let ends = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        (1..=63).contains(&bytes.len())
            && bytes.first().is_some_and(|byte| ends(*byte))
            && bytes.last().is_some_and(|byte| ends(*byte))
            && bytes.iter().all(|byte| ends(*byte) || *byte == b'-')
    };
    if !is_label(resource) || !group.is_none_or(|group| group.len() <= 253 && group.split('.').all(is_label))
    {
        return Err("is no resource: write its plural, and its group after a dot, as in deployments.apps");
    }
    if NEVER.contains(&resource) && group.is_none() {
        return Err("is never synced: leave it out");
    }
    let usual = default_kinds().into_iter().find(|kind| group.is_none() && kind.resource == resource);
    Ok(match usual {
        Some(kind) => Want::of(kind),
        None => Want { resource: resource.to_owned(), group: group.map(str::to_owned) },
    })
}
