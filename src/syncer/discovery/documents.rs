//! The documents of discovery as they are sent: aggregated, or one list for each group and version. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::informers::Trouble;

/// One kind in one version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) resource: String,
    pub(super) kind: String,
    pub(super) namespaced: bool,
    pub(super) verbs: BTreeSet<String>,
    pub(super) status: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: String,
    /// The preferred one first.
    pub(super) versions: Vec<Version>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) version: String,
    /// What is told of it may be old.
    pub(super) stale: bool,
    pub(super) resources: Vec<Resource>,
}

/// What `/api` or `/apis` answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Root {
    Whole(Vec<Group>),
    /// Group and version, the preferred version of a group first. Each is to be read apart.
    Versions(Vec<(String, String)>),
}

#[derive(Deserialize)]
struct RootJson {
    kind: String,
    /// Of an `APIGroupDiscoveryList`.
    #[serde(default)]
    items: Vec<GroupJson>,
    /// Of an `APIVersions`.
    #[serde(default)]
    versions: Vec<String>,
    /// Of an `APIGroupList`.
    #[serde(default)]
    groups: Vec<LegacyGroup>,
}

#[derive(Deserialize)]
struct GroupJson {
    #[serde(default)]
    metadata: Named,
    #[serde(default)]
    versions: Vec<VersionJson>,
}

#[derive(Default, Deserialize)]
struct Named {
    /// The core group has none.
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct VersionJson {
    version: String,
    #[serde(default)]
    freshness: String,
    #[serde(default)]
    resources: Vec<ResourceJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceJson {
    resource: String,
    #[serde(default)]
    response_kind: Option<KindJson>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    verbs: BTreeSet<String>,
    #[serde(default)]
    subresources: Vec<SubresourceJson>,
}

#[derive(Deserialize)]
struct KindJson {
    kind: String,
}

#[derive(Deserialize)]
struct SubresourceJson {
    subresource: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LegacyGroup {
    name: String,
    versions: Vec<LegacyVersion>,
    #[serde(default)]
    preferred_version: Option<LegacyVersion>,
}

#[derive(Deserialize)]
struct LegacyVersion {
    version: String,
}

#[derive(Deserialize)]
struct ListJson {
    #[serde(default)]
    resources: Vec<LegacyResource>,
}

#[derive(Deserialize)]
struct LegacyResource {
    name: String,
    #[serde(default)]
    namespaced: bool,
    kind: String,
    #[serde(default)]
    verbs: BTreeSet<String>,
}

/// Reads the answer of `/api` or `/apis`.
pub(super) fn root(body: &[u8]) -> Result<Root, Trouble> {
    let root: RootJson = parsed(body)?;
    match root.kind.as_str() {
        "APIGroupDiscoveryList" => Ok(Root::Whole(root.items.into_iter().map(group).collect())),
        "APIVersions" => {
            Ok(Root::Versions(root.versions.into_iter().map(|version| (String::new(), version)).collect()))
        }
        "APIGroupList" => Ok(Root::Versions(root.groups.into_iter().flat_map(by_preference).collect())),
        _ => Err(Trouble::Desync("no discovery document")),
    }
}

/// Reads the list of one group and version.
pub(super) fn resources(body: &[u8]) -> Result<Vec<Resource>, Trouble> {
    let list: ListJson = parsed(body)?;
    let mut found = BTreeMap::new();
    let mut with_status = BTreeSet::new();
    for (at, entry) in list.resources.into_iter().enumerate() {
        match entry.name.split_once('/') {
            None => drop(found.insert(at, entry)),
            Some((resource, "status")) => drop(with_status.insert(resource.to_owned())),
            Some(_) => {}
        }
    }
    let resource = |entry: LegacyResource| Resource {
        status: with_status.contains(&entry.name),
        resource: entry.name,
        kind: entry.kind,
        namespaced: entry.namespaced,
        verbs: entry.verbs,
    };
    Ok(found.into_values().map(resource).collect())
}

fn parsed<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Trouble> {
    serde_json::from_slice(body).map_err(|_| Trouble::Desync("no discovery document"))
}

fn group(group: GroupJson) -> Group {
    let versions = group.versions.into_iter().map(|version| Version {
        version: version.version,
        stale: version.freshness == "Stale",
        resources: version.resources.into_iter().filter_map(resource).collect(),
    });
    Group { name: group.metadata.name, versions: versions.collect() }
}

/// What has no kind of its own holds no objects.
fn resource(entry: ResourceJson) -> Option<Resource> {
    Some(Resource {
        kind: entry.response_kind?.kind,
        resource: entry.resource,
        namespaced: entry.scope == "Namespaced",
        verbs: entry.verbs,
        status: entry.subresources.iter().any(|found| found.subresource == "status"),
    })
}

fn by_preference(group: LegacyGroup) -> impl Iterator<Item = (String, String)> {
    let preferred = group.preferred_version.map(|preferred| preferred.version);
    let mut versions: Vec<_> = group.versions.into_iter().map(|entry| entry.version).collect();
    versions.sort_by_key(|version| Some(version) != preferred.as_ref());
    versions.into_iter().map(move |version| (group.name.clone(), version))
}
