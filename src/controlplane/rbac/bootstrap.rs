//! The roles and bindings every logical cluster begins with.
//!
//! Pure data for whoever makes a logical cluster. They are those of Kubernetes 1.36
//! (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy`) with two differences: the rules name only resources that are
//! served here, and the roles of components that do not run here (nodes, scheduler, controllers) are left out. The
//! aggregated roles begin with their rules, which a kube-apiserver leaves to its controller. A workspace begins with the
//! roles of those who read its views as well, which `tmc register` makes on a Kubernetes.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    aggregation,
    authorizer::Door,
    escalation::GROUP,
    policy::{Kind, RoleObject},
    rule::Rule,
};
use crate::security::rules::{DOOR_ROLE, READER_ROLE};

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "delete", "deletecollection", "patch", "update"];
const READ_WRITE: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const APPS: &[&str] = &["deployments", "deployments/scale", "statefulsets", "statefulsets/scale"];
const APPS_STATUS: &[&str] = &[
    "deployments",
    "deployments/scale",
    "deployments/status",
    "statefulsets",
    "statefulsets/scale",
    "statefulsets/status",
];
/// Who has it may enter a workspace, and nothing more.
pub const WORKSPACE_ACCESS: &str = "system:kcp:workspace:access";

/// What a logical cluster is made with.
pub fn objects(door: Door) -> Vec<(Kind, Value)> {
    let mut roles: Vec<Value> = plain_roles(door).iter().map(|(name, rules)| role(name, rules)).collect();
    roles.extend(aggregating_roles());
    if door == Door::Access {
        roles.extend(views_roles());
    }
    fill(&mut roles);
    let bindings = bindings(door);
    roles
        .into_iter()
        .map(|role| (Kind::ClusterRole, role))
        .chain(bindings.into_iter().map(|binding| (Kind::ClusterRoleBinding, binding)))
        .collect()
}

/// Makes a user, or a group, the administrator of a workspace, as the owner of a new one is.
pub fn workspace_admin(subject_kind: &str, subject: &str) -> Value {
    let mut binding = binding("workspace-admin", "cluster-admin", &[(subject_kind, subject)]);
    binding["metadata"] = json!({"name": "workspace-admin"});
    binding
}

fn plain_roles(door: Door) -> Vec<(&'static str, Vec<Rule>)> {
    let health = ["/healthz", "/livez", "/readyz"];
    let mut roles = vec![
        ("cluster-admin", vec![Rule::on(&["*"], &["*"], &["*"]), Rule::on_urls(&["*"], &["*"])]),
        (
            "system:discovery",
            vec![Rule::on_urls(
                &["get"],
                &[
                    "/api",
                    "/api/*",
                    "/apis",
                    "/apis/*",
                    "/healthz",
                    "/livez",
                    "/openapi",
                    "/openapi/*",
                    "/readyz",
                    "/version",
                    "/version/",
                ],
            )],
        ),
        (
            "system:monitoring",
            vec![Rule::on_urls(
                &["get"],
                &["/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/readyz", "/readyz/*"],
            )],
        ),
        (
            "system:basic-user",
            vec![
                Rule::on(
                    &["create"],
                    &["authorization.k8s.io"],
                    &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
                ),
                Rule::on(&["create"], &["authentication.k8s.io"], &["selfsubjectreviews"]),
            ],
        ),
        (
            "system:public-info-viewer",
            vec![Rule::on_urls(&["get"], &[health[0], health[1], health[2], "/version", "/version/"])],
        ),
        (
            "system:auth-delegator",
            vec![
                Rule::on(&["create"], &["authentication.k8s.io"], &["tokenreviews"]),
                Rule::on(&["create"], &["authorization.k8s.io"], &["subjectaccessreviews"]),
            ],
        ),
    ];
    if door == Door::Access {
        roles.push((WORKSPACE_ACCESS, vec![Rule::on_urls(&["access"], &["/"])]));
        roles.push((
            "system:kcp:tenancy:reader",
            vec![
                Rule::on(READ, &["tenancy.kcp.io"], &["workspaces"]),
                Rule::on(READ, &["core.kcp.io"], &["logicalclusters"]),
            ],
        ));
    }
    roles
}

fn aggregating_roles() -> Vec<Value> {
    let to = |role: &str| json!({format!("{GROUP}/aggregate-to-{role}"): "true"});
    let gathers = |name: &str| json!({"clusterRoleSelectors": [{"matchLabels": to(name)}]});
    let mut roles = Vec::new();
    for (name, goes_to) in [("admin", None), ("edit", Some("admin")), ("view", Some("edit"))] {
        let mut role = role(name, &[]);
        role["aggregationRule"] = gathers(name);
        roles.push(labelled(role, goes_to.map(to)));
    }
    for (name, goes_to, rules) in [
        ("system:aggregate-to-admin", "admin", admin_rules()),
        ("system:aggregate-to-edit", "edit", edit_rules()),
        ("system:aggregate-to-view", "view", view_rules()),
    ] {
        roles.push(labelled(role(name, &rules), Some(to(goes_to))));
    }
    roles
}

fn views_roles() -> impl Iterator<Item = Value> {
    [DOOR_ROLE, READER_ROLE].into_iter().map(|views| {
        let rules: Vec<_> =
            views.rules.iter().map(|rule| Rule::on(rule.verbs, &[rule.group], rule.resources)).collect();
        let to_view = json!({format!("{GROUP}/aggregate-to-view"): "true"});
        labelled(role(views.name, &rules), views.aggregate_to_view.then_some(to_view))
    })
}

fn admin_rules() -> Vec<Rule> {
    vec![
        Rule::on(&["create"], &["authorization.k8s.io"], &["localsubjectaccessreviews"]),
        Rule::on(READ_WRITE, &[GROUP], &["rolebindings", "roles"]),
    ]
}

fn edit_rules() -> Vec<Rule> {
    vec![
        Rule::on(READ, &[""], &["secrets"]),
        Rule::on(&["impersonate"], &[""], &["serviceaccounts"]),
        Rule::on(WRITE, &[""], &["configmaps", "secrets", "serviceaccounts", "services"]),
        Rule::on(WRITE, &["", "events.k8s.io"], &["events"]),
        Rule::on(WRITE, &["apps"], APPS),
        Rule::on(READ_WRITE, &["coordination.k8s.io"], &["leases"]),
    ]
}

fn view_rules() -> Vec<Rule> {
    vec![
        Rule::on(READ, &[""], &["configmaps", "serviceaccounts", "services", "services/status"]),
        Rule::on(READ, &[""], &["namespaces/status"]),
        Rule::on(READ, &[""], &["namespaces"]),
        Rule::on(READ, &["", "events.k8s.io"], &["events"]),
        Rule::on(READ, &["apps"], APPS_STATUS),
    ]
}

fn bindings(door: Door) -> Vec<Value> {
    let (known, unknown) = (("Group", "system:authenticated"), ("Group", "system:unauthenticated"));
    let mut bindings = vec![
        binding("cluster-admin", "cluster-admin", &[("Group", "system:masters")]),
        binding("system:monitoring", "system:monitoring", &[("Group", "system:monitoring")]),
        binding("system:discovery", "system:discovery", &[known]),
        binding("system:basic-user", "system:basic-user", &[known]),
        binding("system:public-info-viewer", "system:public-info-viewer", &[known, unknown]),
    ];
    if door == Door::Access {
        bindings.push(binding(
            "system:kcp:admin:cluster-admin",
            "cluster-admin",
            &[("Group", "system:kcp:admin")],
        ));
        let readers = [DOOR_ROLE, READER_ROLE].into_iter();
        bindings.extend(
            readers.filter_map(|role| Some(binding(role.name, role.name, &[("Group", role.bound_to?)]))),
        );
    }
    bindings
}

fn role(name: &str, rules: &[Rule]) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRole", "metadata": metadata(name), "rules": rules,
    })
}

fn binding(name: &str, role: &str, subjects: &[(&str, &str)]) -> Value {
    let subject = |(kind, name): &(&str, &str)| json!({"apiGroup": GROUP, "kind": kind, "name": name});
    let subjects: Vec<Value> = subjects.iter().map(subject).collect();
    json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "ClusterRoleBinding",
        "metadata": metadata(name),
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
        "subjects": subjects,
    })
}

fn metadata(name: &str) -> Value {
    json!({
        "name": name,
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    })
}

fn labelled(mut role: Value, labels: Option<Value>) -> Value {
    if let Some(Value::Object(more)) = labels
        && let Some(labels) = role.pointer_mut("/metadata/labels").and_then(Value::as_object_mut)
    {
        labels.extend(more.into_iter().collect::<Map<String, Value>>());
    }
    role
}

/// Gives the aggregating roles their rules: `view` before `edit` before `admin`, as each takes in the one before.
fn fill(roles: &mut [Value]) {
    for name in ["view", "edit", "admin"] {
        let all: Vec<RoleObject> =
            roles.iter().filter_map(|role| RoleObject::deserialize(role).ok()).collect();
        let rules =
            all.iter().find(|role| role.name() == name).and_then(|role| aggregation::rules(role, all.iter()));
        if let (Some(rules), Some(role)) =
            (rules, roles.iter_mut().find(|role| role["metadata"]["name"] == name))
        {
            role["rules"] = json!(rules);
        }
    }
}
