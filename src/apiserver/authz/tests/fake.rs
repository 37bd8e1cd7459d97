//! A reviewer that answers from a set of grants and counts its questions.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::apiserver::{
    authz::{ReviewError, Reviewer, TokenAnswer},
    identity::{Attributes, Decision, Target, User},
    scope::Scope,
};

type Grant = (String, String, String);

#[derive(Default)]
pub struct Fake {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    grants: HashSet<Grant>,
    tokens: HashMap<String, TokenAnswer>,
    asked: Vec<(Instant, Attributes)>,
    tokens_asked: usize,
    delay: Duration,
    broken: bool,
}

impl Fake {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Lets `user` do `verb` on `name`; without a name on every row.
    pub fn grant(&self, user: &str, verb: &str, name: &str) {
        self.state.lock().grants.insert((user.into(), verb.into(), name.into()));
    }

    pub fn revoke(&self, user: &str, verb: &str, name: &str) {
        self.state.lock().grants.remove(&(user.into(), verb.into(), name.into()));
    }

    pub fn toggle(&self, user: &str, verb: &str, name: &str) {
        let grant = (user.into(), verb.into(), name.into());
        let mut state = self.state.lock();
        if !state.grants.remove(&grant) {
            state.grants.insert(grant);
        }
    }

    pub fn token(&self, token: &str, answer: TokenAnswer) {
        self.state.lock().tokens.insert(token.into(), answer);
    }

    pub fn delay(&self, delay: Duration) {
        self.state.lock().delay = delay;
    }

    pub fn break_down(&self, broken: bool) {
        self.state.lock().broken = broken;
    }

    pub fn asked(&self) -> usize {
        self.state.lock().asked.len()
    }

    pub fn forget(&self) {
        self.state.lock().asked.clear();
    }

    pub fn tokens_asked(&self) -> usize {
        self.state.lock().tokens_asked
    }

    /// The most questions that fell into any one second.
    pub fn busiest_second(&self) -> usize {
        let state = self.state.lock();
        let times: Vec<Instant> = state.asked.iter().map(|(at, _)| *at).collect();
        let within = |from: usize| {
            let end = times[from] + Duration::from_secs(1);
            times[from..].partition_point(|at| *at < end)
        };
        (0..times.len()).map(within).max().unwrap_or(0)
    }

    pub fn asked_names(&self) -> Vec<String> {
        let name = |attributes: &Attributes| match &*attributes.target {
            Target::Resource { name, .. } => name.clone(),
            Target::NonResource { path } => path.clone(),
        };
        self.state.lock().asked.iter().map(|(_, attributes)| name(attributes)).collect()
    }
}

#[async_trait]
impl Reviewer for Fake {
    async fn token_review(&self, token: &str, _audiences: &[String]) -> Result<TokenAnswer, ReviewError> {
        let (delay, broken, answer) = {
            let mut state = self.state.lock();
            state.tokens_asked += 1;
            let answer = state.tokens.get(token).cloned().unwrap_or(TokenAnswer::Rejected);
            (state.delay, state.broken, answer)
        };
        tokio::time::sleep(delay).await;
        if broken { Err(ReviewError::Unanswered("broken".into())) } else { Ok(answer) }
    }

    async fn subject_access_review(&self, attributes: &Attributes) -> Result<Decision, ReviewError> {
        let (delay, broken, allowed) = {
            let mut state = self.state.lock();
            state.asked.push((Instant::now(), attributes.clone()));
            let may = |name: &str| {
                let grant = (attributes.user.name.clone(), attributes.verb.to_string(), name.to_owned());
                state.grants.contains(&grant)
            };
            let allowed = match &*attributes.target {
                Target::Resource { name, .. } => may("") || may(name),
                Target::NonResource { path } => may(path),
            };
            (state.delay, state.broken, allowed)
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        match (broken, allowed) {
            (true, _) => Err(ReviewError::Unanswered("broken".into())),
            (_, true) => Ok(Decision::Allow),
            (_, false) => Ok(Decision::Deny { reason: "no grant".into() }),
        }
    }
}

pub fn user(name: &str) -> Arc<User> {
    Arc::new(User { name: name.into(), groups: vec!["system:authenticated".into()], ..User::default() })
}

pub fn question(user: &Arc<User>, verb: &str, name: &str) -> Attributes {
    let target = Target::Resource {
        group: "views.workload.kcp.io".into(),
        version: "v1alpha1".into(),
        resource: "aggregatedviews".into(),
        subresource: String::new(),
        namespace: String::new(),
        name: name.into(),
    };
    Attributes { user: user.clone(), verb: verb.to_owned().into(), scope: Scope::None, target: target.into() }
}
