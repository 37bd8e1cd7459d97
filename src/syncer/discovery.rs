//! Which kinds an API serves, in which versions, and what can be done with them.
//!
//! Fed by the discovery documents of each side, the aggregated ones where there are any; consumed by who follows
//! objects. [`Discoverer`] reads again only when something that is wanted is missing. It knows no object.

use std::collections::{BTreeMap, BTreeSet};

use crate::informers::{Fetch, Limits, Trouble, read};

mod documents;
mod follow;
mod resolve;
mod wanted;

pub use follow::{Again, Discoverer, Pace, Side};
pub use resolve::{Found, Resolved, View, resolve};
pub use wanted::Wanted;

const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
const JSON: &str = "application/json";
/// Lists of one group and version that are read of a server without aggregated discovery.
const LISTS: usize = 512;

/// One kind of one API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    pub group: String,
    pub resource: String,
    pub kind: String,
    pub namespaced: bool,
    /// The preferred one first.
    pub versions: Vec<ServedVersion>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedVersion {
    pub version: String,
    pub verbs: BTreeSet<String>,
    /// Its status is written apart.
    pub status: bool,
}

/// What one API serves, as far as it tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// In the order of the API's groups.
    pub served: Vec<Served>,
    /// Groups of which not all could be read, and why.
    pub broken: BTreeMap<String, String>,
}

impl Discovery {
    fn add(&mut self, group: &str, version: &str, resources: Vec<documents::Resource>) {
        for found in resources {
            let documents::Resource { resource, kind, namespaced, verbs, status } = found;
            let version = ServedVersion { version: version.to_owned(), verbs, status };
            let known = |served: &&mut Served| served.group == group && served.resource == resource;
            match self.served.iter_mut().rev().find(known) {
                Some(served) => served.versions.push(version),
                None => self.served.push(Served {
                    group: group.to_owned(),
                    resource,
                    kind,
                    namespaced,
                    versions: vec![version],
                }),
            }
        }
    }

    fn failed(&mut self, group: &str, why: impl ToString) {
        self.broken.insert(group.to_owned(), why.to_string());
    }
}

/// Reads what the API serves. Where that takes a request for each group, only the groups that `groups` names are
/// read, or all. A group that fails is named and hides no other.
///
/// # Errors
/// The API cannot be read at all.
pub async fn discover(
    fetch: &dyn Fetch,
    groups: Option<&BTreeSet<String>>,
    limits: &Limits,
) -> Result<Discovery, Trouble> {
    let mut discovery = Discovery::default();
    let mut lists = Vec::new();
    for root in ["/api", "/apis"] {
        match read(fetch, root, ACCEPT, limits).await {
            Ok(body) => match documents::root(&body)? {
                documents::Root::Whole(groups) => {
                    groups.into_iter().for_each(|group| take(&mut discovery, group))
                }
                documents::Root::Versions(versions) => lists.extend(versions),
            },
            // An API may have no core group, or nothing else.
            Err(Trouble::NotInstalled) => {}
            Err(trouble) => return Err(trouble),
        }
    }
    lists.retain(|(group, _)| groups.is_none_or(|groups| groups.contains(group)));
    for (group, _) in lists.split_off(lists.len().min(LISTS)) {
        discovery.failed(&group, "the API has too many groups");
    }
    for (group, version) in lists {
        let path = match group.as_str() {
            "" => format!("/api/{version}"),
            group => format!("/apis/{group}/{version}"),
        };
        match read(fetch, &path, JSON, limits).await.and_then(|body| documents::resources(&body)) {
            Ok(found) => discovery.add(&group, &version, found),
            Err(trouble) => discovery.failed(&group, trouble),
        }
    }
    Ok(discovery)
}

fn take(discovery: &mut Discovery, group: documents::Group) {
    for version in group.versions {
        if version.stale {
            discovery.failed(&group.name, format!("whoever serves {} does not answer", version.version));
        }
        discovery.add(&group.name, &version.version, version.resources);
    }
}

#[cfg(test)]
mod tests;
