//! What holds of any policy: nothing is allowed by default, and more rules never allow less.

use proptest::prelude::*;

use super::{super::cover::missing, *};

fn words(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::sample::select(of).prop_map(str::to_owned), 0..3)
}

const VERBS: &[&str] = &["get", "list", "update", "*"];
const GROUPS: &[&str] = &["", "apps", "*"];
const RESOURCES: &[&str] = &["pods", "deployments", "deployments/scale", "*/scale", "*"];
const NAMES: &[&str] = &["a", "b"];
const URLS: &[&str] = &["/", "/apis", "/apis/*", "*"];

prop_compose! {
    fn any_rule()(verbs in words(VERBS), api_groups in words(GROUPS), resources in words(RESOURCES),
                  resource_names in words(NAMES), non_resource_urls in words(URLS)) -> Rule {
        Rule { verbs, api_groups, resources, resource_names, non_resource_urls }
    }
}

fn any_target() -> impl Strategy<Value = Target> {
    let resource = (
        prop::sample::select(&["", "apps"][..]),
        prop::sample::select(&["pods", "deployments", "deployments/scale", "secrets"][..]),
        prop::sample::select(&["", "n", "m"][..]),
        prop::sample::select(&["", "a", "b", "c"][..]),
    );
    prop_oneof![
        resource.prop_map(|(group, resource, namespace, name)| on(group, resource, namespace, name)),
        prop::sample::select(&["/", "/apis", "/apis/v1", "/metrics"][..]).prop_map(path),
    ]
}

fn any_verb() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["get", "list", "update", "delete"][..])
}

/// A role with the rules, bound in a namespace or, with an empty one, everywhere.
fn bound(at: usize, namespace: &str, rules: &[Rule], to: &str) -> [(Kind, Value); 2] {
    let name = format!("r{at}");
    [cluster_role(&name, rules), bind(namespace, "ClusterRole", &name, &[to])]
}

type Bindings = Vec<(&'static str, Vec<Rule>, &'static str)>;

fn any_bindings() -> impl Strategy<Value = Bindings> {
    let binding = (
        prop::sample::select(&["", "n", "m"][..]),
        prop::collection::vec(any_rule(), 0..3),
        prop::sample::select(&["User:jane", "Group:devs", "User:bob"][..]),
    );
    prop::collection::vec(binding, 0..4)
}

fn objects(bindings: &Bindings) -> Vec<(Kind, Value)> {
    let bound =
        bindings.iter().enumerate().flat_map(|(at, (namespace, rules, to))| bound(at, namespace, rules, to));
    bound.collect()
}

proptest! {
    #[test]
    fn more_never_allows_less(bindings in any_bindings(), more in any_bindings(), verb in any_verb(), target in any_target()) {
        let jane = user("jane", &["devs"]);
        let question = ask(&jane, verb, target);
        let less = policy(&objects(&bindings)).allows(&jane, &question).is_ok();
        let all = [bindings, more].concat();
        let more = policy(&objects(&all)).allows(&jane, &question).is_ok();
        prop_assert!(more || !less);
    }

    #[test]
    fn who_is_named_nowhere_may_nothing(bindings in any_bindings(), verb in any_verb(), target in any_target()) {
        let stranger = user("stranger", &["strangers"]);
        let question = ask(&stranger, verb, target);
        prop_assert!(!authorizer(Door::Access, &objects(&bindings)).evaluate(&question).allowed());
        prop_assert!(!authorizer(Door::Open, &objects(&bindings)).evaluate(&question).allowed());
    }

    #[test]
    fn what_is_allowed_is_in_the_rules(bindings in any_bindings(), verb in any_verb(), target in any_target()) {
        let jane = user("jane", &["devs"]);
        let rbac = authorizer(Door::Open, &objects(&bindings));
        let namespace = match &target {
            Target::Resource { namespace, .. } => namespace.clone(),
            Target::NonResource { .. } => String::new(),
        };
        let rules = rbac.rules(&jane, HERE, &namespace).rules;
        let by_rules = rules.iter().any(|rule| rule.allows(verb, &target));
        prop_assert_eq!(rbac.evaluate(&ask(&jane, verb, target)).allowed(), by_rules);
    }

    /// What a covering set of rules does not miss, it allows.
    #[test]
    fn covering_rules_allow_as_much(owned in prop::collection::vec(any_rule(), 0..4), wanted in any_rule(),
                                    verb in any_verb(), target in any_target()) {
        let missing = missing(&owned, std::slice::from_ref(&wanted));
        let allows = |rules: &[Rule]| rules.iter().any(|rule| rule.allows(verb, &target));
        if wanted.allows(verb, &target) {
            prop_assert!(allows(&owned) || allows(&missing));
        }
    }

    /// Rules for resources or for URLs, as validation wants them.
    #[test]
    fn rules_cover_themselves(mut rules in prop::collection::vec(any_rule(), 0..4)) {
        for rule in rules.iter_mut().filter(|rule| !rule.non_resource_urls.is_empty()) {
            *rule = Rule { api_groups: vec![], resources: vec![], resource_names: vec![], ..rule.clone() };
        }
        prop_assert_eq!(missing(&rules, &rules), vec![]);
    }

    #[test]
    fn a_rule_survives_its_json(rule in any_rule()) {
        prop_assert_eq!(serde_json::from_value::<Rule>(json!(rule)).unwrap(), rule);
    }
}
