//! In-cluster access: whose token the pods of a workload get, and which workloads another one concerns.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    key::Key,
    object::Kept,
    state::{KindState, State},
    store::Changed,
};
use crate::syncer::{
    decide::Unrendered,
    kind::Kind,
    pod_template,
    render::access::account,
    service_account::{self, TOKEN},
};

/// What is known of the token that the pods of an object need.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// There is no in-cluster access, or the object has no use for it.
    Unneeded,
    /// Secrets are not listed yet.
    Unlisted,
    /// There is none, and why.
    Missing(String),
    /// In the Secret of this name.
    Of(String),
}

impl Token {
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::Of(name) => Some(name.clone()),
            _ => None,
        }
    }

    /// Without its token an object stays as it is.
    pub(super) fn missing(&self) -> Option<Unrendered> {
        let why = match self {
            Self::Missing(why) => why.clone(),
            Self::Unlisted => "Secrets are not listed yet".to_owned(),
            Self::Unneeded | Self::Of(_) => return None,
        };
        Some(Unrendered { reason: "NoToken", message: why })
    }
}

impl State {
    pub(super) fn token(&self, kind: &Kind, above: &Value, namespace: &str) -> Token {
        if self.plan.access.is_none() {
            return Token::Unneeded;
        }
        let Some(account) = account(above, kind) else { return Token::Unneeded };
        let missing = |why: &str| {
            Token::Missing(format!(
                "the pods have in-cluster access, and for service account {account:?} {why}"
            ))
        };
        let synced = |resource| self.kinds.iter().find(|kind| kind.kind.is_core(resource) && kind.served);
        let Some(secrets) = synced("secrets") else {
            return missing("there is no token, for Secrets are not synced");
        };
        if synced("configmaps").is_none() {
            return missing("there is no CA, for ConfigMaps are not synced");
        }
        if secrets.up.feed.denied {
            return missing("there is no token, for the syncer may not list Secrets");
        }
        if !secrets.up.feed.listed {
            return Token::Unlisted;
        }
        let tokens = secrets.up.all_in(namespace).filter(|kept| kept.holds(TOKEN)).map(Kept::read);
        match service_account::token_of(tokens, account) {
            Some(name) => Token::Of(name),
            None => missing(&format!("there is no token: create a Secret of type {TOKEN} for it")),
        }
    }

    /// Whether objects of the kind may be tokens that pods get.
    pub(super) fn has_tokens(&self, kind: u16) -> bool {
        let kind = self.kinds.get(usize::from(kind)).filter(|_| self.plan.access.is_some());
        kind.is_some_and(|kind| kind.kind.is_core("secrets"))
    }

    /// Looks at the workloads beside the tokens that changed.
    pub(super) fn tokens_changed(&mut self, changed: &[Changed], now: Duration) {
        let is_token = |kept: &Option<Kept>| kept.as_ref().is_some_and(|kept| kept.holds(TOKEN));
        let tokens = changed.iter().filter(|change| is_token(&change.before) || is_token(&change.after));
        let namespaces: BTreeSet<_> = tokens.map(|change| change.namespace.clone()).collect();
        self.look_at_pods(
            |kind| {
                let names = namespaces.iter().flat_map(|namespace| kind.up.names_in(namespace));
                names.map(|(namespace, name)| (namespace.clone(), name.clone())).collect()
            },
            now,
        );
    }

    /// Looks at all workloads, which waited for a list of Secrets, or learn that there is none.
    pub(super) fn tokens_known(&mut self, now: Duration) {
        self.look_at_pods(
            |kind| kind.up.iter().map(|(namespace, name, _)| (namespace.clone(), name.clone())).collect(),
            now,
        );
    }

    fn look_at_pods(&mut self, names: impl Fn(&KindState) -> Vec<(Arc<str>, Arc<str>)>, now: Duration) {
        for (index, kind) in self.kinds.iter().enumerate().filter(|(_, kind)| has_pods(kind)) {
            for (namespace, name) in names(kind) {
                self.queue.changed(&Key::of(index as u16, &namespace, &name), now);
            }
        }
    }
}

fn has_pods(kind: &KindState) -> bool {
    pod_template::fields(&kind.kind).is_some()
}
