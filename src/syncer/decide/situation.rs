//! What is known of one object when it is decided about.

use super::{Bucket, Memory, Report};
use crate::api::placement::ApplyPolicy;

/// What a cache knows.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen<T> {
    /// It was not listed, or not listed completely.
    Unsynced,
    /// As far as the cache knows; that alone never deletes.
    Absent,
    Present(T),
}

impl<T> Seen<T> {
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(object) => Some(object),
            _ => None,
        }
    }
}

/// What may be done now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Permission {
    /// This process leads, and a write may begin.
    pub lease: bool,
    /// The SyncTarget bears our finalizer, so that it stays until all is released.
    pub kept: bool,
    /// `spec.syncMode` is `Paused`.
    pub paused: bool,
    pub dry_run: bool,
    /// The SyncTarget is being deleted: all is released.
    pub detaching: bool,
    /// The upstream answers and its objects are followed.
    pub reachable: bool,
    /// Both sides were listed and the Lease was held long enough to judge what has no object upstream.
    pub sweep: bool,
    /// Why nothing may be deleted: too much is to be.
    pub deletions_paused: Option<String>,
    /// Why this kind is not synced now.
    pub kind_paused: Option<String>,
}

/// Whether an object is this target's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignment {
    Wanted,
    /// A placement decision took it away: it is deleted here.
    Moved,
    /// Nobody asks for it here any more: it is let go and stays.
    Released,
    /// Somebody claims it for this target who may not.
    Refused(&'static str),
    /// Not all that decides was listed.
    Unknown,
}

/// The object upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Above<'a> {
    pub uid: &'a str,
    pub deleting: bool,
    /// Ours is there.
    pub finalizer: bool,
    /// Somebody asks to keep the object below for now.
    pub held: bool,
    /// Its owner asked to let go without any proof.
    pub force_detach: bool,
    /// How the annotation `workload.kcp.io/resolve-conflict` settles a conflict.
    pub resolution: Option<crate::api::placement::Winner>,
    pub assignment: Assignment,
}

/// The object below, as the cache has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Below<'a> {
    pub uid: &'a str,
    pub resource_version: &'a str,
    pub deleting: bool,
    /// The uid upstream of what it was made of, if all of its stamps are ours.
    pub owner: Option<&'a str>,
    /// What it was made to be.
    pub hash: Option<&'a str>,
    /// The fields that are not as desired and did not settle so.
    pub differs: Vec<String>,
    /// Fields whose value is to be copied up, since the cluster changed it.
    pub copies: Vec<String>,
    /// Setting it right would take replicas away.
    pub scales_down: bool,
}

/// What the object is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desired<'a> {
    pub hash: &'a str,
}

/// Why there is nothing to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrendered {
    pub reason: &'static str,
    pub message: String,
}

impl Unrendered {
    pub fn report(&self) -> Report {
        Report::new(Bucket::Error, self.reason, self.message.clone())
    }
}

/// The namespace that the object is to be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// There, or not needed.
    Ready,
    Missing,
    Terminating,
    /// It is somebody else's.
    Taken(String),
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    pub permission: Permission,
    pub upstream: Seen<Above<'a>>,
    pub downstream: Seen<Below<'a>>,
    pub home: Home,
    /// Of an object that is wanted.
    pub desired: Result<Desired<'a>, Unrendered>,
    pub policy: &'a ApplyPolicy,
    /// The kind holds no data that goes with the object, or its loss is allowed.
    pub may_recreate: bool,
    /// Fields that somebody keeps changing back, left to him for a while.
    pub contended: &'a [String],
    pub memory: &'a Memory,
}
