//! Whether one set of rules holds everything that another does, and what is missing.
//!
//! Pure; a port of `k8s.io/component-helpers/auth/rbac/validation` and of the compacting that refusals are
//! written with.

use super::rule::{Rule, covers_url};

/// What `wanted` has and `owned` has not, in the smallest pieces; empty when nothing is missing.
pub fn missing(owned: &[Rule], wanted: &[Rule]) -> Vec<Rule> {
    let pieces = wanted.iter().flat_map(pieces);
    pieces.filter(|piece| !owned.iter().any(|rule| covers(rule, piece))).collect()
}

/// Rules with one verb, resource and name each, or one verb and URL.
fn pieces(rule: &Rule) -> Vec<Rule> {
    let one = |text: &String| vec![text.clone()];
    let names: Vec<Vec<String>> = match rule.resource_names.as_slice() {
        [] => vec![Vec::new()],
        names => names.iter().map(one).collect(),
    };
    let mut pieces = Vec::new();
    for (group, resource) in
        rule.api_groups.iter().flat_map(|group| rule.resources.iter().map(move |resource| (group, resource)))
    {
        for (verb, name) in rule.verbs.iter().flat_map(|verb| names.iter().map(move |name| (verb, name))) {
            pieces.push(Rule {
                verbs: one(verb),
                api_groups: one(group),
                resources: one(resource),
                resource_names: name.clone(),
                ..Rule::default()
            });
        }
    }
    for (url, verb) in rule.non_resource_urls.iter().flat_map(|url| rule.verbs.iter().map(move |v| (url, v)))
    {
        pieces.push(Rule { verbs: one(verb), non_resource_urls: one(url), ..Rule::default() });
    }
    pieces
}

fn covers(owner: &Rule, piece: &Rule) -> bool {
    let all = |owned: &[String], wanted: &[String]| {
        owned.iter().any(|item| item == "*") || wanted.iter().all(|item| owned.contains(item))
    };
    let named = owner.resource_names.is_empty()
        || (!piece.resource_names.is_empty()
            && piece.resource_names.iter().all(|name| owner.resource_names.contains(name)));
    let url = |path: &String| owner.non_resource_urls.iter().any(|rule| covers_url(rule, path));
    all(&owner.verbs, &piece.verbs)
        && all(&owner.api_groups, &piece.api_groups)
        && covers_resources(&owner.resources, &piece.resources)
        && named
        && piece.non_resource_urls.iter().all(url)
}

fn covers_resources(owned: &[String], wanted: &[String]) -> bool {
    let has = |name: &str| owned.iter().any(|item| item == name);
    let any_of = |sub: &str| has(&format!("*/{sub}"));
    has("*") || wanted.iter().all(|one| has(one) || one.split_once('/').is_some_and(|(_, sub)| any_of(sub)))
}

/// The same rules, those of one resource and name in one, as lines in order.
pub fn lines(rules: &[Rule]) -> Vec<String> {
    let mut compact: Vec<Rule> = Vec::new();
    for rule in rules {
        let same = |other: &&mut Rule| {
            is_simple(rule) && Rule { verbs: rule.verbs.clone(), ..(*other).clone() } == *rule
        };
        match compact.iter_mut().find(same) {
            Some(known) => known.verbs.extend_from_slice(&rule.verbs),
            None => compact.push(rule.clone()),
        }
    }
    let mut lines: Vec<String> = compact.iter().map(ToString::to_string).collect();
    lines.sort();
    lines.dedup();
    lines
}

/// One group, one resource, at most one name, no URL.
fn is_simple(rule: &Rule) -> bool {
    rule.api_groups.len() == 1
        && rule.resources.len() == 1
        && rule.resource_names.len() <= 1
        && rule.non_resource_urls.is_empty()
}
