//! Whether a caller may act as somebody, and who he then is.
//!
//! A port of `k8s.io/apiserver/pkg/endpoints/filters/impersonation/mode.go` but for the mode of a node's own agents,
//! which takes nodes. Nothing is remembered: the authorizer is at hand.

use std::sync::Arc;

use crate::apiserver::{
    filters::forbidden::forbidden,
    identity::{Attributes, Authorizer, Decision, Target, User},
    status::ApiError,
};

const AUTHENTICATION: &str = "authentication.k8s.io";
/// From this many groups or extras on, all of them are asked about at once first.
const MANY: usize = 4;

/// The constrained modes; without one it is the verb `impersonate` alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    ArbitraryNode,
    ServiceAccount,
    UserInfo,
    Legacy,
}

pub(super) struct Impersonation<'a> {
    pub(super) authorizer: &'a dyn Authorizer,
    /// Of the request, by the caller himself.
    pub(super) attributes: &'a Attributes,
    pub(super) wanted: &'a User,
}

/// What a user's name says he is.
enum Name<'a> {
    Node(&'a str),
    ServiceAccount { namespace: &'a str, name: &'a str },
    Other,
}

impl<'a> Name<'a> {
    fn of(name: &'a str) -> Self {
        if let Some(node) = name.strip_prefix("system:node:").filter(|node| is_subdomain(node)) {
            return Self::Node(node);
        }
        let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
        match account {
            Some((namespace, name)) if is_label(namespace) && is_subdomain(name) => {
                Self::ServiceAccount { namespace, name }
            }
            _ => Self::Other,
        }
    }
}

impl Impersonation<'_> {
    /// The first mode that allows it decides; the first that does not has the word when none does.
    pub(super) async fn user(&self) -> Result<User, ApiError> {
        let mut refusal = None;
        for mode in self.modes() {
            match self.by(mode).await {
                Ok(user) => return Ok(user),
                Err(error) if error.code != http::StatusCode::FORBIDDEN => return Err(error),
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        Err(refusal.unwrap_or_else(ApiError::internal))
    }

    fn modes(&self) -> Vec<Mode> {
        let User { uid, groups, extra, .. } = self.wanted;
        let bare = uid.is_empty() && groups.is_empty() && extra.is_empty();
        let constrained = match Name::of(&self.wanted.name) {
            Name::Node(_) => bare.then_some(Mode::ArbitraryNode),
            Name::ServiceAccount { .. } => bare.then_some(Mode::ServiceAccount),
            Name::Other => Some(Mode::UserInfo),
        };
        constrained.into_iter().chain([Mode::Legacy]).collect()
    }

    async fn by(&self, mode: Mode) -> Result<User, ApiError> {
        if let Some(name) = mode.name() {
            let verb = format!("impersonate-on:{name}:{}", self.attributes.verb);
            self.ask(Attributes { verb: verb.into(), ..self.attributes.clone() }).await?;
        }
        let mut user = self.wanted.clone();
        self.name(mode, &mut user).await?;
        if !user.uid.is_empty() {
            self.may(mode, AUTHENTICATION, "uids", "", &user.uid).await?;
        }
        self.groups(mode).await?;
        self.extra(mode).await?;
        let has = |group: &str| user.groups.iter().any(|own| own == group);
        let (known, unknown) = ("system:authenticated", "system:unauthenticated");
        if user.name == "system:anonymous" {
            if !has(unknown) {
                user.groups.push(unknown.to_owned());
            }
        } else if !has(unknown) && !has(known) {
            user.groups.push(known.to_owned());
        }
        Ok(user)
    }

    /// Names and fixed groups of nodes and ServiceAccounts.
    async fn name(&self, mode: Mode, user: &mut User) -> Result<(), ApiError> {
        let group = mode.group();
        match Name::of(&self.wanted.name) {
            Name::Node(name) if mode != Mode::Legacy => {
                user.groups = vec!["system:nodes".to_owned()];
                self.may(mode, group, "nodes", "", name).await
            }
            Name::ServiceAccount { namespace, name } => {
                if user.groups.is_empty() {
                    let own = format!("system:serviceaccounts:{namespace}");
                    user.groups = vec!["system:serviceaccounts".to_owned(), own];
                }
                let verb = mode.verb();
                self.ask(self.about(verb, resource(group, "serviceaccounts", "", namespace, name))).await
            }
            _ => self.may(mode, group, "users", "", &self.wanted.name).await,
        }
    }

    async fn groups(&self, mode: Mode) -> Result<(), ApiError> {
        let groups = &self.wanted.groups;
        let constrained = mode != Mode::Legacy;
        let refuse = |name: &str, why: &str| {
            let target = resource(mode.group(), "groups", "", "", name);
            Err(forbidden(&self.about(mode.verb(), target), why))
        };
        if constrained && groups.iter().any(String::is_empty) {
            return refuse("", "impersonating the empty string group is not allowed");
        }
        if constrained && groups.iter().any(|group| group == "system:masters") {
            return refuse("system:masters", "impersonating the system:masters group is not allowed");
        }
        if constrained
            && groups.len() >= MANY
            && self.may(mode, mode.group(), "groups", "", "*").await.is_ok()
        {
            return Ok(());
        }
        for group in groups {
            self.may(mode, mode.group(), "groups", "", group).await?;
        }
        Ok(())
    }

    async fn extra(&self, mode: Mode) -> Result<(), ApiError> {
        let extra = &self.wanted.extra;
        let constrained = mode != Mode::Legacy;
        if let Some(why) =
            extra.iter().find_map(|(key, values)| extra_fault(key, values)).filter(|_| constrained)
        {
            let target = resource(AUTHENTICATION, "userextras", "", "", "");
            return Err(forbidden(&self.about(mode.verb(), target), &why));
        }
        let many = extra.values().map(Vec::len).sum::<usize>() >= MANY;
        if constrained && many && self.may(mode, AUTHENTICATION, "userextras", "*", "*").await.is_ok() {
            return Ok(());
        }
        for (key, values) in extra {
            for value in values {
                self.may(mode, AUTHENTICATION, "userextras", key, value).await?;
            }
        }
        Ok(())
    }

    async fn may(&self, mode: Mode, group: &str, of: &str, sub: &str, name: &str) -> Result<(), ApiError> {
        self.ask(self.about(mode.verb(), resource(group, of, sub, "", name))).await
    }

    fn about(&self, verb: &str, target: Target) -> Attributes {
        let Attributes { user, scope, .. } = self.attributes;
        Attributes {
            user: Arc::clone(user),
            verb: verb.to_owned().into(),
            scope: scope.clone(),
            target: target.into(),
        }
    }

    async fn ask(&self, attributes: Attributes) -> Result<(), ApiError> {
        match self.authorizer.authorize(&attributes).await? {
            Decision::Allow => Ok(()),
            Decision::Deny { reason } => Err(forbidden(&attributes, &reason)),
        }
    }
}

impl Mode {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::ArbitraryNode => Some("arbitrary-node"),
            Self::ServiceAccount => Some("serviceaccount"),
            Self::UserInfo => Some("user-info"),
            Self::Legacy => None,
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::ArbitraryNode => "impersonate:arbitrary-node",
            Self::ServiceAccount => "impersonate:serviceaccount",
            Self::UserInfo => "impersonate:user-info",
            Self::Legacy => "impersonate",
        }
    }

    /// The API group of names and groups.
    fn group(self) -> &'static str {
        if self == Self::Legacy { "" } else { AUTHENTICATION }
    }
}

fn resource(group: &str, resource: &str, subresource: &str, namespace: &str, name: &str) -> Target {
    Target::Resource {
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

fn extra_fault(key: &str, values: &[String]) -> Option<String> {
    if key.is_empty() {
        return Some("impersonating the empty string key in extra is not allowed".to_owned());
    }
    if key.split_once('/').is_none_or(|(host, path)| path.is_empty() || !is_subdomain(host)) {
        return Some(format!(
            "impersonating an invalid key in extra is not allowed: extra.key: Invalid value: {key:?}: \
             must be a domain-prefixed path (such as \"acme.io/foo\")"
        ));
    }
    if key.chars().any(char::is_uppercase) {
        return Some(format!("impersonating a non-lowercase key in extra is not allowed: {key:?}"));
    }
    let empty = values.iter().any(String::is_empty);
    empty.then(|| "impersonating the empty string value in extra is not allowed".to_owned())
}

fn is_label(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(legal)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Its parts may be longer than a label.
fn is_subdomain(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(legal) && !part.starts_with('-') && !part.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(part)
}
