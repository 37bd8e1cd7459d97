//! Every situation has its step, and no situation has one that loses something.

mod policies;
mod properties;
mod table;

use super::*;
use crate::api::placement::ApplyPolicy;

/// A situation that owns what it speaks of.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) permission: Permission,
    pub(super) upstream: Seen<Above<'static>>,
    pub(super) downstream: Seen<Below<'static>>,
    pub(super) home: Home,
    pub(super) desired: Result<&'static str, Unrendered>,
    pub(super) policy: ApplyPolicy,
    pub(super) may_recreate: bool,
    pub(super) contended: Vec<String>,
    pub(super) memory: Memory,
}

impl Case {
    pub(super) fn decide(&self) -> Step {
        decide(&Situation {
            permission: self.permission.clone(),
            upstream: self.upstream.clone(),
            downstream: self.downstream.clone(),
            home: self.home.clone(),
            desired: self.desired.clone().map(|hash| Desired { hash }),
            policy: &self.policy,
            may_recreate: self.may_recreate,
            contended: &self.contended,
            memory: &self.memory,
        })
    }

    pub(super) fn above(&mut self) -> &mut Above<'static> {
        match &mut self.upstream {
            Seen::Present(above) => above,
            _ => panic!("nothing upstream"),
        }
    }

    pub(super) fn below(&mut self) -> &mut Below<'static> {
        match &mut self.downstream {
            Seen::Present(below) => below,
            _ => panic!("nothing downstream"),
        }
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// Everything may be done.
pub(super) fn allowed() -> Permission {
    Permission { lease: true, kept: true, reachable: true, sweep: true, ..Permission::default() }
}

/// In step: both are there, and as they should be.
pub(super) fn synced() -> Case {
    Case {
        permission: allowed(),
        upstream: Seen::Present(Above {
            uid: "above",
            deleting: false,
            finalizer: true,
            held: false,
            force_detach: false,
            resolution: None,
            assignment: Assignment::Wanted,
        }),
        downstream: Seen::Present(Below {
            uid: "below",
            resource_version: "7",
            owner: Some("above"),
            hash: Some("h1"),
            ..Below::default()
        }),
        home: Home::Ready,
        desired: Ok("h1"),
        policy: ApplyPolicy::default(),
        may_recreate: true,
        contended: Vec::new(),
        memory: Memory::default(),
    }
}

pub(super) fn field(name: &str) -> Vec<String> {
    vec![name.to_owned()]
}

pub(super) fn held(field: &str) -> Causes {
    let pointer = field.replace('.', "/");
    let fields = vec![Held { field: field.to_owned(), pointer, manager: "hand".to_owned() }];
    Causes { hash: "h1".to_owned(), fields }
}

pub(super) use super::memory::Held;
