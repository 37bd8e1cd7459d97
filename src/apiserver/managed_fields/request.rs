//! One write, and what each step of it does to managers and object.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    cap,
    conflict::Conflicts,
    error::ApplyError,
    last_applied::{self, KUBECTL},
    managers::{self, Identity, Managed},
    node::Node,
    set::Set,
    updater::Updater,
    validate::{Duplicates, Misfits, validate},
};
use crate::apiserver::schema::Schema;

/// Who gets the fields of an object nobody applied before.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Stands for the manager of an update until its changes are known.
const CURRENT: &str = "current-operation";

/// What nobody manages.
static UNMANAGED: LazyLock<Set> = LazyLock::new(|| {
    Set::of_fields(&[
        &["apiVersion"][..],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ])
});

/// One write of one object.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `fieldManager`, or what stands before the first `/` of the User-Agent.
    pub manager: &'a str,
    /// `status`, or empty for the object itself.
    pub subresource: &'a str,
    /// Group and version of the request, which is that of the objects.
    pub api_version: &'a str,
    pub kind: &'a str,
    pub time: Timestamp,
    pub schema: &'a Schema,
    /// What this write cannot change: [`Set::of_fields`] of `status`, say.
    pub reset: &'a Set,
    /// The kind's object before anything is said: what a Go struct has without being told, for custom resources
    /// an empty map.
    pub empty: &'a Value,
}

impl Request<'_> {
    fn node(&self) -> Node<'_> {
        Node::object(self.schema)
    }

    fn updater(&self) -> Updater<'_> {
        Updater {
            node: self.node(),
            api_version: self.api_version,
            reset: self.reset,
            reset_everywhere: !self.subresource.is_empty(),
        }
    }

    /// Gives `manager` what changed from `live` to `new`.
    pub(super) fn track(
        &self,
        live: &Value,
        new: &Value,
        mut managed: Managed,
        manager: &str,
    ) -> Result<Managed, String> {
        for (which, object) in [("new", new), ("live", live)] {
            validate(self.node(), object, Duplicates::Allowed).map_err(|error| {
                format!("failed to convert {which} object ({}) to smd typed: {error}", self.named(object))
            })?;
        }
        for object in [live, new] {
            self.check_conversion(object, &managed).map_err(|error| error.to_string())?;
        }
        self.updater().update(live, new, &mut managed.managers, CURRENT);
        strip(&mut managed, CURRENT);
        if let Some(mut changed) = managed.managers.remove(CURRENT) {
            let key = Identity::updater(manager, self.api_version, self.subresource).key();
            if let Some(before) = managed.managers.remove(&key) {
                changed.set = changed.set.union(&before.set);
            }
            managed.managers.insert(key.clone(), changed);
            managed.times.insert(key, managers::stamp(self.time));
        }
        cap::cap_updaters(&mut managed);
        Ok(managed)
    }

    pub(super) fn track_before_first_apply(
        &self,
        live: Option<&Value>,
        managed: Managed,
    ) -> Result<Managed, ApplyError> {
        let Some(live) = live else { return Ok(managed) };
        self.track(self.empty, live, managed, BEFORE_FIRST_APPLY).map_err(|error| {
            ApplyError::Internal(format!("failed to create manager for existing fields: {error}"))
        })
    }

    pub(super) fn apply(
        &self,
        live: &Value,
        config: &Value,
        managed: &mut Managed,
        force: bool,
    ) -> Result<Option<Value>, Conflicts> {
        let key = Identity::applier(self.manager, self.subresource).key();
        let before = managed.clone();
        let applied = self.updater().apply(live, config, &mut managed.managers, &key, force);
        let object = match applied {
            Err(conflicts) if self.manager == KUBECTL => {
                let rest = last_applied::remaining(self.node(), live, self.api_version, conflicts);
                if !rest.0.is_empty() {
                    return Err(rest);
                }
                *managed = before;
                self.updater().apply(live, config, &mut managed.managers, &key, true)?
            }
            other => other?,
        };
        strip(managed, &key);
        if object.is_some() {
            managed.times.insert(key, managers::stamp(self.time));
        }
        Ok(object)
    }

    pub(super) fn check_kind(&self, config: &Value) -> Result<(), ApplyError> {
        if config["apiVersion"] == self.api_version && config["kind"] == self.kind {
            return Ok(());
        }
        Err(ApplyError::BadRequest(format!("invalid object type: {}", group_version_kind(config))))
    }

    pub(super) fn check_config(&self, config: &Value) -> Result<(), ApplyError> {
        if !config["metadata"]["managedFields"].is_null() {
            return Err(ApplyError::BadRequest("metadata.managedFields must be nil".to_owned()));
        }
        validate(self.node(), config, Duplicates::Refused).map_err(|error| {
            let named = self.named(config);
            ApplyError::Internal(format!("failed to create typed patch object ({named}): {error}"))
        })
    }

    pub(super) fn check_live(&self, live: &Value) -> Result<(), ApplyError> {
        validate(self.node(), live, Duplicates::Allowed).map_err(|error| {
            let named = self.named(live);
            ApplyError::Internal(format!("failed to create typed live object ({named}): {error}"))
        })
    }

    /// Upstream converts the object for managers of other versions, and that allows no duplicates.
    pub(super) fn check_conversion(&self, object: &Value, managed: &Managed) -> Result<(), Misfits> {
        if managed.managers.values().all(|versioned| versioned.api_version == self.api_version) {
            return Ok(());
        }
        validate(self.node(), object, Duplicates::Refused)
    }

    /// `namespace/name; group/version, Kind=Kind`
    fn named(&self, object: &Value) -> String {
        let meta = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
        format!("{}/{}; {}", meta("namespace"), meta("name"), group_version_kind(object))
    }
}

/// As Go prints it; the core group is empty.
fn group_version_kind(object: &Value) -> String {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let slash = if api_version.contains('/') { "" } else { "/" };
    format!("{slash}{api_version}, Kind={kind}")
}

/// Takes from the manager what nobody manages.
fn strip(managed: &mut Managed, key: &str) {
    let Some(own) = managed.managers.get_mut(key) else { return };
    own.set = own.set.difference(&UNMANAGED);
    if own.set.is_empty() {
        managed.managers.remove(key);
    }
}
