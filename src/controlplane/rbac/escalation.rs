//! Nobody gives what he has not: the check before a role or a binding is written.
//!
//! Asked by the write verbs for the resources of `rbac.authorization.k8s.io`, after the request is authorized and
//! before the object is validated. It follows `k8s.io/kubernetes/pkg/registry/rbac/*/policybased`.

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::{
    authorizer::RbacAuthorizer,
    binding::{Binding, RoleRef},
    caller::Caller,
    cover,
    policy::{Kind, NoRole, RoleObject, aggregate},
    rule::{Rule, quoted},
};
use crate::apiserver::{
    identity::{Attributes, Target},
    scope::Scope,
    status::{ApiError, Details},
};

pub const GROUP: &str = "rbac.authorization.k8s.io";
const AGGREGATION: &str = "must have cluster-admin privileges to use the aggregationRule";

impl RbacAuthorizer {
    /// Whether the caller of `attributes`, which are the request's, may write `new` over `old`. A resource of
    /// another group is nobody's business here.
    pub fn check_write(
        &self,
        attributes: &Attributes,
        new: &Value,
        old: Option<&Value>,
    ) -> Result<(), ApiError> {
        let Target::Resource { group, resource, namespace, name, .. } = &*attributes.target else {
            return Ok(());
        };
        let Some(kind) = Kind::of(resource).filter(|_| group == GROUP) else { return Ok(()) };
        let Scope::Id(cluster) = &attributes.scope else { return Ok(()) };
        if Caller::of(&attributes.user, cluster).master {
            return Ok(());
        }
        let write = Write { authorizer: self, attributes, cluster, kind, namespace, name, new };
        match kind {
            Kind::Role | Kind::ClusterRole => write.role(old),
            Kind::RoleBinding | Kind::ClusterRoleBinding => write.binding(old),
        }
    }
}

struct Write<'a> {
    authorizer: &'a RbacAuthorizer,
    attributes: &'a Attributes,
    cluster: &'a str,
    kind: Kind,
    namespace: &'a str,
    /// As the path says, so it is empty for a create.
    name: &'a str,
    new: &'a Value,
}

impl Write<'_> {
    fn role(&self, old: Option<&Value>) -> Result<(), ApiError> {
        if self.may("escalate", self.kind, self.name) || is_cleanup(self.new, old) {
            return Ok(());
        }
        let role = RoleObject::deserialize(self.new).map_err(|_| self.unreadable())?;
        self.held(&role.rules).map_err(|what| self.forbidden(&what))?;
        let before = old.and_then(|old| RoleObject::deserialize(old).ok());
        let aggregates = |role: &RoleObject| self.kind == Kind::ClusterRole && role.aggregates();
        if aggregates(&role) || before.is_some_and(|role| aggregates(&role)) {
            // What it gathers is everybody's to add to.
            let everything = [Rule::on(&["*"], &["*"], &["*"]), Rule::on_urls(&["*"], &["*"])];
            self.held(&everything).map_err(|_| self.forbidden(AGGREGATION))?;
        }
        Ok(())
    }

    fn binding(&self, old: Option<&Value>) -> Result<(), ApiError> {
        if is_cleanup(self.new, old) {
            return Ok(());
        }
        let Binding { role_ref, .. } = Binding::deserialize(self.new).map_err(|_| self.unreadable())?;
        let kind = match role_ref.kind.as_str() {
            "Role" => Kind::Role,
            "ClusterRole" => Kind::ClusterRole,
            // Validation will refuse it, and it would give nothing.
            _ => return Ok(()),
        };
        if self.may("bind", kind, &role_ref.name) {
            return Ok(());
        }
        let rules = self.authorizer.rules_of(self.cluster, &role_ref, self.namespace);
        let rules = rules.ok_or_else(|| self.no_role(&role_ref))?;
        self.held(&rules).map_err(|what| self.forbidden(&what))
    }

    fn may(&self, verb: &str, kind: Kind, name: &str) -> bool {
        let target = Target::Resource {
            group: GROUP.to_owned(),
            version: "*".to_owned(),
            resource: kind.resource().to_owned(),
            subresource: String::new(),
            namespace: self.namespace.to_owned(),
            name: name.to_owned(),
        };
        let attributes =
            Attributes { verb: verb.to_owned().into(), target: target.into(), ..self.attributes.clone() };
        self.authorizer.evaluate(&attributes).allowed()
    }

    /// Whether the caller holds all of `rules` himself, or the words for what he does not.
    fn held(&self, rules: &[Rule]) -> Result<(), String> {
        let user = &self.attributes.user;
        let own = self.authorizer.rules(user, self.cluster, self.namespace);
        let missing = cover::missing(&own.rules, rules);
        if missing.is_empty() {
            return Ok(());
        }
        let unresolved = aggregate(own.missing.iter().map(|role| self.not_found(role)));
        let unresolved = match unresolved.as_str() {
            "" => String::new(),
            errors => format!("; resolution errors: [{errors}]"),
        };
        let (name, groups, lines) = (&user.name, quoted(&user.groups), cover::lines(&missing).join("\n"));
        Err(format!(
            "user {name:?} (groups={groups}) is attempting to grant RBAC permissions not currently held:\n\
             {lines}{unresolved}"
        ))
    }

    fn forbidden(&self, what: &str) -> ApiError {
        let name = self.new.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let quoted = if name.is_empty() { String::new() } else { format!(" {name:?}") };
        let message = format!("{}.{GROUP}{quoted} is forbidden: {what}", self.kind.resource());
        let mut error = ApiError::new(StatusCode::FORBIDDEN, "Forbidden", message);
        error.details = Some(Box::new(self.details(name)));
        error
    }

    /// Kubernetes names the missing role as one of the resource that is written.
    fn no_role(&self, role: &RoleRef) -> ApiError {
        let missing = NoRole { kind: role.kind.clone(), name: role.name.clone() };
        let mut error = ApiError::new(StatusCode::NOT_FOUND, "NotFound", self.not_found(&missing));
        error.details = Some(Box::new(self.details(&role.name)));
        error
    }

    fn not_found(&self, role: &NoRole) -> String {
        match role.kind.as_str() {
            "Role" | "ClusterRole" => format!("{}.{GROUP} {:?} not found", self.kind.resource(), role.name),
            _ => role.to_string(),
        }
    }

    fn details(&self, name: &str) -> Details {
        let (name, group, kind) = (name.to_owned(), GROUP.to_owned(), self.kind.resource().to_owned());
        Details { name, group, kind, ..Details::default() }
    }

    fn unreadable(&self) -> ApiError {
        ApiError::bad_request(format!("the object is not one of {}.{GROUP}", self.kind.resource()))
    }
}

/// Whether a change touches nothing but what garbage collection needs to touch.
fn is_cleanup(new: &Value, old: Option<&Value>) -> bool {
    let Some(old) = old else { return false };
    let without = |object: &Value| {
        let mut object = object.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            for field in ["ownerReferences", "finalizers", "selfLink", "managedFields"] {
                metadata.remove(field);
            }
        }
        object
    };
    without(new) == without(old)
}
