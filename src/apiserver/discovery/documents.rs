//! The shapes of the discovery documents. Data in, data out.

use std::collections::BTreeMap;

use base64::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::apiserver::resource::{ResourceInfo, Subresource};

/// Resources by version.
pub type Versions<'a> = BTreeMap<&'a str, Vec<&'a ResourceInfo>>;

/// APIGroup.
pub fn group(name: &str, versions: &Versions<'_>) -> Value {
    let mut value = json!({"kind": "APIGroup", "apiVersion": "v1"});
    value.as_object_mut().expect("an object was written").extend(bare_group(name, versions));
    value
}

/// APIVersions, the legacy form of the core group.
pub fn core_versions(versions: &Versions<'_>) -> Value {
    let versions: Vec<_> = ordered(versions).into_iter().map(|(version, _)| version).collect();
    json!({"kind": "APIVersions", "versions": versions, "serverAddressByClientCIDRs": []})
}

/// APIGroupList.
pub fn group_list(groups: &BTreeMap<&str, Versions<'_>>) -> Value {
    let groups: Vec<_> = groups.iter().map(|(name, versions)| bare_group(name, versions)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn bare_group(name: &str, versions: &Versions<'_>) -> serde_json::Map<String, Value> {
    let versions: Vec<_> = ordered(versions)
        .into_iter()
        .map(|(version, _)| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    let preferred = versions.first().cloned();
    let mut group = serde_json::Map::new();
    group.insert("name".into(), name.into());
    group.insert("versions".into(), versions.into());
    group.insert("preferredVersion".into(), preferred.into());
    group
}

/// APIResourceList.
pub fn resource_list(group: &str, version: &str, resources: &[&ResourceInfo]) -> Value {
    let mut listed = Vec::new();
    for resource in resources {
        let mut shown = json!({
            "name": resource.resource,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": resource.verbs,
        });
        put_other_names(&mut shown, resource);
        // What is only asked is not stored.
        if resource.verbs.contains(&"get") {
            shown["storageVersionHash"] = storage_version_hash(group, version, &resource.kind).into();
        }
        listed.push(shown);
        listed.extend(resource.subresources.iter().map(|below| subresource(resource, below)));
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": listed,
    })
}

fn subresource(resource: &ResourceInfo, below: &Subresource) -> Value {
    let mut shown = json!({
        "name": format!("{}/{}", resource.resource, below.name),
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": below.kind.map_or(&*resource.kind, |(_, _, kind)| kind),
        "verbs": below.verbs,
    });
    if let Some((group, version, _)) = below.kind {
        shown["group"] = group.into();
        shown["version"] = version.into();
    }
    shown
}

/// APIGroupDiscoveryList of `apidiscovery.k8s.io/v2`.
pub fn aggregated(groups: &BTreeMap<&str, Versions<'_>>) -> Value {
    let items: Vec<_> = groups
        .iter()
        .map(|(name, versions)| {
            let versions: Vec<_> = ordered(versions)
                .into_iter()
                .map(|(version, resources)| {
                    let resources: Vec<_> = resources.iter().map(|info| aggregated_resource(info)).collect();
                    json!({"version": version, "freshness": "Current", "resources": resources})
                })
                .collect();
            json!({"metadata": {"name": name, "creationTimestamp": null}, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    })
}

fn aggregated_resource(info: &ResourceInfo) -> Value {
    let mut shown = json!({
        "resource": info.resource,
        "responseKind": {"group": info.group, "version": info.version, "kind": info.kind},
        "scope": if info.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": info.singular,
        "verbs": info.verbs,
    });
    put_other_names(&mut shown, info);
    if !info.subresources.is_empty() {
        let below = info.subresources.iter().map(|below| {
            let (group, version, kind) = below.kind.unwrap_or((&info.group, &info.version, &info.kind));
            json!({
                "subresource": below.name,
                "responseKind": {"group": group, "version": version, "kind": kind},
                "verbs": below.verbs,
            })
        });
        shown["subresources"] = below.collect();
    }
    shown
}

fn put_other_names(shown: &mut Value, info: &ResourceInfo) {
    for (field, names) in [("shortNames", &info.short_names), ("categories", &info.categories)] {
        if !names.is_empty() {
            shown[field] = json!(names);
        }
    }
}

fn storage_version_hash(group: &str, version: &str, kind: &str) -> String {
    let hash = Sha256::digest(format!("{group}/{version}/{kind}"));
    base64::engine::general_purpose::STANDARD.encode(&hash[..8])
}

/// Versions as Kubernetes prefers them: v2, v1, v1beta2, v1alpha1, and others by name.
fn ordered<'a, 'r>(versions: &'a Versions<'r>) -> Vec<(&'a str, &'a Vec<&'r ResourceInfo>)> {
    let mut ordered: Vec<_> = versions.iter().map(|(version, resources)| (*version, resources)).collect();
    ordered.sort_by_key(|(version, _)| std::cmp::Reverse(rank(version)));
    ordered
}

/// Stability, major and minor of a Kubernetes version; the lowest for any other name.
pub fn rank(version: &str) -> Option<(u8, u32, u32)> {
    let rest = version.strip_prefix('v')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let major = rest[..digits].parse().ok()?;
    let (stability, minor) = match &rest[digits..] {
        "" => (2, "0"),
        rest => match (rest.strip_prefix("beta"), rest.strip_prefix("alpha")) {
            (Some(minor), _) => (1, minor),
            (_, Some(minor)) => (0, minor),
            _ => return None,
        },
    };
    Some((stability, major, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_the_order_of_kubernetes() {
        let names = ["foo", "v1alpha1", "v10", "v1beta2", "v2", "v1beta10", "v1", "v3alpha1"];
        let versions: Versions<'_> = names.iter().map(|name| (*name, Vec::new())).collect();
        let order: Vec<_> = ordered(&versions).into_iter().map(|(name, _)| name).collect();
        assert_eq!(order, ["v10", "v2", "v1", "v1beta10", "v1beta2", "v3alpha1", "v1alpha1", "foo"]);
    }
}
