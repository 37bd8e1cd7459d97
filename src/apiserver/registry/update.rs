//! PUT, and the way every change of an existing object takes: read, change, settle, commit, again on conflict.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use super::{
    Part, Registry, TRIES, errors,
    input::Input,
    meta,
    options::WriteOptions,
    settle::keep_servers_own,
    store::{Change, Refused},
};
use crate::apiserver::{
    managed_fields,
    object::Object,
    request::ResourceRequest,
    status::ApiError,
    storage::{Answer, Written},
};

/// What a request makes of the stored object.
pub(super) struct Proposal {
    pub(super) object: Value,
    pub(super) warnings: Vec<String>,
}

impl Registry {
    pub(super) fn update(&self, request: &ResourceRequest, part: Part) -> Result<Written, ApiError> {
        let options = WriteOptions::parse(request, false)?;
        if part == Part::Scale {
            return self.update_scale(request, &options);
        }
        let Input { mut object, warnings } = self.input(request, options.field_validation)?;
        self.place(&mut object, request)?;
        Self::check_name(meta::text(&object, "name"), request)?;
        let change = || {
            self.change(request, part, &options, |live| {
                let mut object = object.clone();
                keep_servers_own(live, &mut object);
                let managed = self.managed(&options, request.subresource());
                managed_fields::on_update(&managed, Some(live), &mut object);
                Ok(Proposal { object, warnings: warnings.clone() })
            })
        };
        if part != Part::Whole || !self.strategy.creates_on_update() {
            return change();
        }
        let create = || self.create_by_update(request, object.clone(), &options, warnings.clone());
        self.change_or_create(request, change, create)
    }

    /// Changes what is there, makes what is not, and begins again when that has become otherwise in between.
    pub(super) fn change_or_create(
        &self,
        request: &ResourceRequest,
        change: impl Fn() -> Result<Written, ApiError>,
        create: impl Fn() -> Result<Written, ApiError>,
    ) -> Result<Written, ApiError> {
        for _ in 0..TRIES {
            let missing = self.is_missing(request)?;
            let written = if missing { create() } else { change() };
            let otherwise = if missing { "AlreadyExists" } else { "NotFound" };
            match written {
                Err(error) if error.reason == otherwise => {}
                written => return written,
            }
        }
        Err(errors::modified(self.strategy.info(), request.name()))
    }

    fn is_missing(&self, request: &ResourceRequest) -> Result<bool, ApiError> {
        match self.live(request) {
            Ok(_) => Ok(false),
            Err(error) if error.code == StatusCode::NOT_FOUND => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Some built-in kinds are made by a PUT of what is not there.
    fn create_by_update(
        &self,
        request: &ResourceRequest,
        mut object: Value,
        options: &WriteOptions,
        warnings: Vec<String>,
    ) -> Result<Written, ApiError> {
        let uid = meta::text(&object, "uid");
        if !uid.is_empty() {
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: ");
            return Err(errors::conflict(self.strategy.info(), request.name(), &why));
        }
        meta::set(&mut object, "resourceVersion", Value::Null);
        managed_fields::on_update(&self.managed(options, ""), None, &mut object);
        self.insert(request, object, options.dry_run, warnings)
    }

    /// Changes the object of the request. `propose` is given the stored object and may be asked again.
    pub(super) fn change(
        &self,
        request: &ResourceRequest,
        part: Part,
        options: &WriteOptions,
        propose: impl Fn(&Value) -> Result<Proposal, ApiError>,
    ) -> Result<Written, ApiError> {
        for _ in 0..TRIES {
            let live = self.live(request)?;
            let mut old = self.store.value(&live);
            meta::set(&mut old, "resourceVersion", live.resource_version.to_string().into());
            let Proposal { object, mut warnings } = propose(&old)?;
            self.store.permit(request, &object, Some(&old))?;
            let mut settled = self.settle(&old, object, part, request.verb)?;
            managed_fields::keep_times(&mut settled, &old);
            if part == Part::Whole {
                warnings.extend(self.strategy.warnings(&settled, Some(&old)));
            }
            let done = |answer| Ok(Written { code: StatusCode::OK, answer, warnings });
            if settled == old {
                return done(Answer::Object(live));
            }
            match self.put(request, &live, settled, options.dry_run) {
                Ok(answer) => return done(answer),
                Err(Refused::Changed) => {}
                Err(Refused::Missing) => return Err(errors::not_found(self.strategy.info(), request.name())),
                Err(Refused::Other(error)) => return Err(error),
                Err(Refused::Exists(_)) => return Err(ApiError::internal()),
            }
        }
        Err(errors::modified(self.strategy.info(), request.name()))
    }

    fn put(
        &self,
        request: &ResourceRequest,
        live: &Arc<Object>,
        object: Value,
        dry: bool,
    ) -> Result<Answer, Refused> {
        if dry {
            return Ok(Answer::Json(self.store.shown(request.scope(), object)));
        }
        let version = live.resource_version;
        if !(meta::is_deleting(&object) && self.strategy.finalized(&object)) {
            let change = Change::Replace(version, object);
            return self.store.commit(request.scope(), &live.key, change).map(Answer::Object);
        }
        // The last finalizer of a deleted object takes it along. Watchers see its last stored state, the
        // caller what it made of it.
        let gone = Change::Remove(version, self.store.value(live));
        self.store.commit(request.scope(), &live.key, gone)?;
        Ok(Answer::Json(self.store.shown(request.scope(), object)))
    }
}
