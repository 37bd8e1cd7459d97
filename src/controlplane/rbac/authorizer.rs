//! The authorizer of the control plane: RBAC of the logical cluster a request is for, behind the door of the
//! workspace.
//!
//! Fed by the filters and by reviews; reads the objects through [`Policies`]. Nothing is remembered here, so a
//! binding holds from the request after the one that wrote it.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    binding::RoleRef,
    caller::Caller,
    policy::{NoRole, Policy, aggregate},
    rule::Rule,
    verdict::{Outcome, Verdict},
};
use crate::apiserver::{
    identity::{Attributes, Authorizer, Decision, Target, User},
    scope::{NO_ACCESS, Scope},
    status::ApiError,
};

/// Where the RBAC objects are.
pub trait Policies: Send + Sync + 'static {
    /// Those of a logical cluster as they are now; `None` when there is no such cluster.
    fn policy(&self, cluster: &str) -> Option<Arc<Policy>>;
}

/// Who may see that a workspace is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everybody who is known, as in Kubernetes.
    Open,
    /// Only who has the verb `access` on `/`, as in kcp.
    Access,
}

pub struct RbacAuthorizer {
    policies: Arc<dyn Policies>,
    door: Door,
}

/// A user's rules in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub rules: Vec<Rule>,
    /// The roles that were looked for in vain.
    pub missing: Vec<NoRole>,
}

impl RbacAuthorizer {
    pub fn new(policies: Arc<dyn Policies>, door: Door) -> Self {
        Self { policies, door }
    }

    pub fn evaluate(&self, attributes: &Attributes) -> Verdict {
        match &attributes.scope {
            Scope::Id(cluster) => self.evaluate_in(cluster, attributes),
            Scope::Wildcard if Caller::of(&attributes.user, "*").master => Verdict::allow(""),
            // What is not resolved to one logical cluster cannot be anybody's.
            Scope::Wildcard | Scope::Path(_) | Scope::None => Verdict::no_opinion(NO_ACCESS),
        }
    }

    fn evaluate_in(&self, cluster: &str, attributes: &Attributes) -> Verdict {
        let caller = Caller::of(&attributes.user, cluster);
        if caller.master || is_health(&attributes.target) {
            return Verdict::allow("");
        }
        let Some(policy) = self.policies.policy(cluster) else { return Verdict::deny(NO_ACCESS) };
        if !self.opens(&policy, &caller) {
            return Verdict::no_opinion(NO_ACCESS);
        }
        allows(&policy, &caller, attributes)
    }

    fn opens(&self, policy: &Policy, caller: &Caller) -> bool {
        self.door == Door::Open || caller.local_service_account || has_access(policy, caller)
    }

    /// What `user` has, for SelfSubjectRulesReview. Members of `system:masters` have what is bound to their group.
    pub fn rules(&self, user: &User, cluster: &str, namespace: &str) -> Rules {
        let caller = Caller::of(user, cluster);
        let Some(policy) = self.policies.policy(cluster) else { return Rules::default() };
        if !caller.master && !self.opens(&policy, &caller) {
            return Rules::default();
        }
        rules(&policy, &caller, namespace)
    }

    /// The rules of a role as a binding in `namespace` would find it; `None` when there is no such role.
    pub(super) fn rules_of(&self, cluster: &str, role: &RoleRef, namespace: &str) -> Option<Vec<Rule>> {
        let policy = self.policies.policy(cluster)?;
        policy.rules_of(role, namespace).ok().map(<[Rule]>::to_vec)
    }
}

#[async_trait]
impl Authorizer for RbacAuthorizer {
    async fn authorize(&self, attributes: &Attributes) -> Result<Decision, ApiError> {
        let Verdict { outcome, reason } = self.evaluate(attributes);
        Ok(match outcome {
            Outcome::Allow => Decision::Allow,
            Outcome::NoOpinion | Outcome::Deny => Decision::Deny { reason },
        })
    }
}

fn is_health(target: &Target) -> bool {
    matches!(target, Target::NonResource { path } if matches!(path.as_str(), "/healthz" | "/livez" | "/readyz"))
}

fn has_access(policy: &Policy, caller: &Caller) -> bool {
    let door = Target::NonResource { path: "/".to_owned() };
    let grants = caller.users.iter().flat_map(|user| policy.grants(user, ""));
    grants.flatten().any(|(_, rule)| rule.allows("access", &door))
}

fn allows(policy: &Policy, caller: &Caller, attributes: &Attributes) -> Verdict {
    let mut missing: Vec<NoRole> = Vec::new();
    for user in &caller.users {
        match policy.allows(user, attributes) {
            Ok(reason) => return Verdict::allow(reason),
            Err(roles) => missing.extend(roles),
        }
    }
    let reason = aggregate(missing.iter().map(ToString::to_string));
    let reason = if reason.is_empty() { reason } else { format!("RBAC: {reason}") };
    Verdict::no_opinion(reason)
}

fn rules(policy: &Policy, caller: &Caller, namespace: &str) -> Rules {
    let mut found = Rules::default();
    for grant in caller.users.iter().flat_map(|user| policy.grants(user, namespace)) {
        match grant {
            Ok((_, rule)) => found.rules.push(rule.clone()),
            Err(role) => found.missing.push(role),
        }
    }
    found
}
