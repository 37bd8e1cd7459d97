//! What is wanted against what is served: the kinds that can be followed, and why the others cannot. Pure.

use std::collections::BTreeMap;

use super::{Discovery, Served, ServedVersion, Wanted, wanted::Want};
use crate::{api::placement::GroupResource, syncer::kind::Kind};

/// One kind that every side serves, in a version that all of them know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub kind: Kind,
    /// The first side writes its status apart.
    pub status: bool,
}

/// What came of all that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    pub kinds: BTreeMap<GroupResource, Found>,
    /// What cannot be followed, and why, in words for people.
    pub missing: BTreeMap<GroupResource, String>,
    /// Something is not there, named or not: it may come.
    pub open: bool,
}

/// One side as it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// For people.
    pub name: &'a str,
    pub discovery: &'a Discovery,
    /// What has to be possible with a kind.
    pub verbs: &'a [&'a str],
}

/// The kinds that all sides serve. The last side's preference decides between versions.
pub fn resolve(wanted: &Wanted, sides: &[View<'_>]) -> Resolved {
    let mut resolved = Resolved::default();
    for want in wanted.wants() {
        let (name, found) = one(&want, sides);
        resolved.open |= found.is_err();
        match found {
            Ok(found) => drop(resolved.kinds.insert(name, found)),
            Err(why) if matches!(wanted, Wanted::Listed(_)) || is_trouble(&name, sides) => {
                resolved.missing.insert(name, why);
            }
            Err(_) => {}
        }
    }
    resolved
}

/// Whether it matters that a kind is missing that nobody asked for by name: where the objects are, there it is.
fn is_trouble(name: &GroupResource, sides: &[View<'_>]) -> bool {
    let broken = sides.iter().any(|side| side.discovery.broken.contains_key(&name.group));
    broken || sides.len() > 1 && sides.first().is_some_and(|side| served(side, name).is_some())
}

fn one(want: &Want, sides: &[View<'_>]) -> (GroupResource, Result<Found, String>) {
    let Some(name) = name(want, sides) else {
        return (want.name(), Err(absent(&want.name(), sides.iter())));
    };
    let without = || sides.iter().filter(|side| served(side, &name).is_none());
    if without().next().is_some() {
        let why = absent(&name, without());
        return (name, Err(why));
    }
    let all: Vec<_> = sides.iter().filter_map(|side| Some((side, served(side, &name)?))).collect();
    let found = common(&all);
    (name, found)
}

/// The group that is meant: the first one that all sides have it in, or else that one side has it in.
fn name(want: &Want, sides: &[View<'_>]) -> Option<GroupResource> {
    if want.group.is_some() {
        return Some(want.name());
    }
    let candidates = || {
        let all = sides.iter().rev().flat_map(|side| &side.discovery.served);
        all.filter(|served| served.resource == want.resource)
            .map(|served| GroupResource { group: served.group.clone(), resource: served.resource.clone() })
    };
    let everywhere = |name: &GroupResource| sides.iter().all(|side| served(side, name).is_some());
    candidates().find(everywhere).or_else(|| candidates().next())
}

fn served<'a>(side: &View<'a>, name: &GroupResource) -> Option<&'a Served> {
    side.discovery.served.iter().find(|served| served.group == name.group && served.resource == name.resource)
}

fn absent<'a>(name: &GroupResource, sides: impl Iterator<Item = &'a View<'a>>) -> String {
    let each = sides.map(|side| match side.discovery.broken.get(&name.group) {
        Some(why) => format!("what the {} serves of the group cannot be told: {why}", side.name),
        None => format!("the {} does not serve it", side.name),
    });
    each.collect::<Vec<_>>().join("; ")
}

fn common(all: &[(&View<'_>, &Served)]) -> Result<Found, String> {
    let Some(((_, first), (_, last))) = all.first().zip(all.last()) else {
        return Err("nobody was asked".to_owned());
    };
    if first.namespaced != last.namespaced {
        return Err("it is namespaced on one side only".to_owned());
    }
    let shared: Vec<&str> = last
        .versions
        .iter()
        .map(|version| version.version.as_str())
        .filter(|version| all.iter().all(|(_, served)| at(served, version).is_some()))
        .collect();
    if shared.is_empty() {
        let each = all.iter().map(|(side, served)| format!("the {} serves {}", side.name, versions(served)));
        return Err(format!("no version is common: {}", each.collect::<Vec<_>>().join(", ")));
    }
    let able = shared
        .iter()
        .find(|version| all.iter().all(|(side, served)| lacking(side, served, version).is_empty()));
    match able {
        Some(version) => Ok(Found {
            kind: Kind {
                group: last.group.clone(),
                version: (*version).to_owned(),
                resource: last.resource.clone(),
                kind: last.kind.clone(),
                namespaced: last.namespaced,
            },
            status: at(first, version).is_some_and(|version| version.status),
        }),
        None => {
            let each = all.iter().flat_map(|(side, served)| {
                let lacking = lacking(side, served, shared[0]);
                (!lacking.is_empty())
                    .then(|| format!("the {} knows no {} of it", side.name, lacking.join(", ")))
            });
            Err(each.collect::<Vec<_>>().join("; "))
        }
    }
}

fn at<'a>(served: &'a Served, version: &str) -> Option<&'a ServedVersion> {
    served.versions.iter().find(|known| known.version == version)
}

fn versions(served: &Served) -> String {
    served.versions.iter().map(|version| version.version.as_str()).collect::<Vec<_>>().join(" and ")
}

fn lacking<'a>(side: &View<'a>, served: &Served, version: &str) -> Vec<&'a str> {
    let can = |verb: &&&str| at(served, version).is_none_or(|version| !version.verbs.contains(**verb));
    side.verbs.iter().filter(can).copied().collect()
}
