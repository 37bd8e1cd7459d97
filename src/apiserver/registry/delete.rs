//! DELETE of an object and of a collection.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    Registry, TRIES, body, errors, meta,
    options::{DeleteOptions, Propagation},
    store::{Change, Refused},
};
use crate::apiserver::{
    object::Object,
    options::ListOptions,
    request::{ResourceRequest, Verb},
    status::ApiError,
    storage::{Answer, Written},
};

/// What keeps an object until what it owns is gone, or is let go of.
const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

impl Registry {
    pub(super) fn delete(&self, request: &ResourceRequest) -> Result<Written, ApiError> {
        let options = self.delete_options(request)?;
        if let Some(why) = self.strategy.undeletable(request.name()) {
            return Err(errors::forbidden(self.strategy.info(), request.name(), why));
        }
        for _ in 0..TRIES {
            let live = self.live(request)?;
            match self.delete_one(request, &live, &options) {
                Ok(Some(object)) => {
                    // Only who asked to see the dependents gone is told that they are not yet.
                    let code = if options.cascade { StatusCode::ACCEPTED } else { StatusCode::OK };
                    return Ok(Written { code, answer: object, warnings: Vec::new() });
                }
                Ok(None) if self.strategy.returns_deleted() => {
                    return Ok(Written {
                        code: StatusCode::OK,
                        answer: Answer::Object(live),
                        warnings: Vec::new(),
                    });
                }
                Ok(None) => return Ok(self.gone(&self.store.value(&live))),
                Err(Refused::Changed) if options.resource_version.is_none() => {}
                Err(Refused::Changed) => return Err(errors::modified(self.strategy.info(), request.name())),
                Err(Refused::Other(error)) => return Err(error),
                Err(Refused::Missing | Refused::Exists(_)) => {
                    return Err(errors::not_found(self.strategy.info(), request.name()));
                }
            }
        }
        Err(errors::modified(self.strategy.info(), request.name()))
    }

    /// Deletes what the list options select, each object for itself, and answers with what was there.
    pub(super) fn delete_collection(&self, request: &ResourceRequest) -> Result<Written, ApiError> {
        let options = self.delete_options(request)?;
        let selected = ListOptions::parse(request.query(), Verb::List)?;
        selected.fields.check(self.strategy.selectable_fields()).map_err(ApiError::bad_request)?;
        let snapshot = self.store.snapshot(request.scope())?;
        let info = self.strategy.info();
        let mut items = Vec::new();
        for live in snapshot.iter() {
            let placed = !info.namespaced
                || request.namespace().is_empty()
                || *live.key.namespace == *request.namespace();
            if !placed || !selected.labels.matches(&live.labels) || !selected.fields.matches(live) {
                continue;
            }
            self.delete_selected(request, live, &options)?;
            items.push(serde_json::from_slice::<Value>(&live.json()).map_err(|_| ApiError::internal())?);
        }
        let list = json!({
            "kind": info.list_kind,
            "apiVersion": info.group_version(),
            "metadata": {"resourceVersion": snapshot.resource_version.to_string()},
            "items": items,
        });
        Ok(Written { code: StatusCode::OK, answer: Answer::Json(list), warnings: Vec::new() })
    }

    /// Deletes one object of a collection, whatever others have made of it since it was selected.
    fn delete_selected(
        &self,
        request: &ResourceRequest,
        selected: &Arc<Object>,
        options: &DeleteOptions,
    ) -> Result<(), ApiError> {
        let mut live = selected.clone();
        for _ in 0..TRIES {
            match self.delete_one(request, &live, options) {
                Err(Refused::Changed) => {}
                Err(Refused::Other(error)) => return Err(error),
                Ok(_) | Err(Refused::Missing | Refused::Exists(_)) => return Ok(()),
            }
            match self.store.snapshot(request.scope())?.get(&live.key) {
                Some(there) => live = there.clone(),
                None => return Ok(()),
            }
        }
        Err(errors::modified(self.strategy.info(), &selected.key.name))
    }

    fn delete_options(&self, request: &ResourceRequest) -> Result<DeleteOptions, ApiError> {
        if request.body.is_empty() {
            return DeleteOptions::parse(request.query(), None);
        }
        let decoded = body::decode(&request.headers, &request.body, self.protobuf, ("v1", "DeleteOptions"))?;
        match decoded.value["kind"].as_str() {
            None | Some("" | "DeleteOptions") => DeleteOptions::parse(request.query(), Some(&decoded.value)),
            Some(kind) => Err(ApiError::bad_request(format!(
                "decoded object cannot be converted to DeleteOptions: {kind}"
            ))),
        }
    }

    /// The object that stays for its finalizers, or nothing when it is gone.
    fn delete_one(
        &self,
        request: &ResourceRequest,
        live: &Arc<Object>,
        options: &DeleteOptions,
    ) -> Result<Option<Answer>, Refused> {
        let old = self.store.value(live);
        self.check_preconditions(live, &old, options).map_err(Refused::Other)?;
        let mut object = old.clone();
        with_finalizers(&mut object, options.propagation);
        if !meta::is_deleting(&object) {
            meta::set(&mut object, "deletionTimestamp", meta::now().into());
            meta::set(&mut object, "deletionGracePeriodSeconds", json!(0));
            if self.strategy.has_generation() {
                let generation = old["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
                meta::set(&mut object, "generation", json!(generation));
            }
            self.strategy.prepare_delete(&mut object);
        }
        let version = live.resource_version;
        if self.strategy.finalized(&object) {
            if !options.dry_run {
                // The last state a watcher sees is the one before: nobody has seen the deletion under way.
                self.store.commit(request.scope(), &live.key, Change::Remove(version, old))?;
            }
            return Ok(None);
        }
        if object == old {
            return Ok(Some(Answer::Object(live.clone())));
        }
        if options.dry_run {
            meta::set(&mut object, "resourceVersion", version.to_string().into());
            return Ok(Some(Answer::Json(self.store.shown(request.scope(), object))));
        }
        let stored = self.store.commit(request.scope(), &live.key, Change::Replace(version, object))?;
        Ok(Some(Answer::Object(stored)))
    }

    fn check_preconditions(
        &self,
        live: &Object,
        old: &Value,
        options: &DeleteOptions,
    ) -> Result<(), ApiError> {
        let conflict = |what: &str, asked: &str, there: &str, then: &str| {
            let why = format!(
                "the {what} in the precondition ({asked}) does not match the {what} in record ({there}). \
                 The object might have been {then}"
            );
            Err(errors::unfit(self.strategy.info(), &live.key.name, &why))
        };
        let uid = meta::text(old, "uid");
        match &options.uid {
            Some(asked) if asked != uid => return conflict("UID", asked, uid, "deleted and then recreated"),
            _ => {}
        }
        let version = live.resource_version.to_string();
        match &options.resource_version {
            Some(asked) if *asked != version => conflict("ResourceVersion", asked, &version, "modified"),
            _ => Ok(()),
        }
    }

    /// The Status of a completed deletion.
    fn gone(&self, object: &Value) -> Written {
        let info = self.strategy.info();
        let mut details = json!({
            "name": meta::text(object, "name"),
            "kind": info.resource,
            "uid": meta::text(object, "uid"),
        });
        if !info.group.is_empty() {
            details["group"] = info.group.as_ref().into();
        }
        let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
        Written { code: StatusCode::OK, answer: Answer::Json(status), warnings: Vec::new() }
    }
}

/// The finalizers that the propagation policy asks for, beside those of others.
fn with_finalizers(object: &mut Value, propagation: Option<Propagation>) {
    let Some(propagation) = propagation else { return };
    let mut finalizers: Vec<String> = meta::finalizers(object)
        .into_iter()
        .filter(|finalizer| ![FOREGROUND, ORPHAN].contains(finalizer))
        .map(str::to_owned)
        .collect();
    match propagation {
        Propagation::Foreground => finalizers.push(FOREGROUND.into()),
        Propagation::Orphan => finalizers.push(ORPHAN.into()),
        Propagation::Background => {}
    }
    let value = if finalizers.is_empty() { Value::Null } else { finalizers.into() };
    meta::set(object, "finalizers", value);
}
