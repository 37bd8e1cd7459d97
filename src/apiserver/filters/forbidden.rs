//! The words of a 403, which people and tests compare with kube-apiserver's own.

use http::StatusCode;

use crate::apiserver::{
    identity::{Attributes, Target},
    status::{ApiError, Details},
};

pub fn forbidden(attributes: &Attributes, reason: &str) -> ApiError {
    let what = escaped(&refusal(attributes));
    let colon = if reason.is_empty() { "" } else { ": " };
    let (subject, details) = match &*attributes.target {
        Target::NonResource { .. } => ("forbidden".to_owned(), Details::default()),
        Target::Resource { group, resource, name, .. } => {
            let dot = if group.is_empty() { "" } else { "." };
            let quoted = if name.is_empty() { String::new() } else { format!(" {name:?}") };
            let details = Details {
                name: name.clone(),
                group: group.clone(),
                kind: resource.clone(),
                ..Details::default()
            };
            (format!("{resource}{dot}{group}{quoted} is forbidden"), details)
        }
    };
    let message = format!("{subject}: {what}{colon}{reason}");
    let mut error = ApiError::new(StatusCode::FORBIDDEN, "Forbidden", message);
    error.details = Some(Box::new(details));
    error
}

fn refusal(attributes: &Attributes) -> String {
    let (user, verb) = (&attributes.user.name, &attributes.verb);
    match &*attributes.target {
        Target::NonResource { path } => format!("User {user:?} cannot {verb} path {path:?}"),
        Target::Resource { group, resource, subresource, namespace, .. } => {
            let resource = match subresource.as_str() {
                "" => resource.clone(),
                subresource => format!("{resource}/{subresource}"),
            };
            let place = match namespace.as_str() {
                "" => "at the cluster scope".to_owned(),
                namespace => format!("in the namespace {namespace:?}"),
            };
            format!("User {user:?} cannot {verb} resource {resource:?} in API group {group:?} {place}")
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::apiserver::{identity::User, scope::Scope};

    fn message(target: Target, reason: &str) -> String {
        let user = Arc::new(User { name: "<jane>".to_owned(), ..User::default() });
        let attributes = Attributes { user, verb: "get".into(), scope: Scope::None, target: target.into() };
        forbidden(&attributes, reason).message
    }

    fn resource(group: &str, subresource: &str, namespace: &str, name: &str) -> Target {
        Target::Resource {
            group: group.to_owned(),
            version: "v1".to_owned(),
            resource: "things".to_owned(),
            subresource: subresource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn texts() {
        for (target, reason, expected) in [
            (
                resource("g.io", "", "", "a"),
                "",
                r#"things.g.io "a" is forbidden: User "&lt;jane&gt;" cannot get resource "things" in API group "g.io" at the cluster scope"#,
            ),
            (
                resource("", "status", "n", ""),
                "no role",
                r#"things is forbidden: User "&lt;jane&gt;" cannot get resource "things/status" in API group "" in the namespace "n": no role"#,
            ),
            (
                Target::NonResource { path: "/metrics".to_owned() },
                "no role",
                r#"forbidden: User "&lt;jane&gt;" cannot get path "/metrics": no role"#,
            ),
        ] {
            assert_eq!(message(target, reason), expected);
        }
    }
}
