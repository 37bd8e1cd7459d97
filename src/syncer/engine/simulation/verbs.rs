//! The verbs of a simulated API, and what follows from a change by itself.

use serde_json::{Value, json};

use super::{
    apply,
    server::{Place, State, missing, refused},
};
use crate::syncer::{
    api::{Answer, ApiError, Cause},
    json::meta,
};

impl State {
    pub(super) fn get(&self, path: &str, place: &Place<'_>) -> Result<Answer, ApiError> {
        self.objects.get(path).map(|object| ok(200, object.clone())).ok_or_else(|| place.not_found())
    }

    pub(super) fn list(&self, path: &str) -> Answer {
        let under = format!("{path}/");
        let inside = self.objects.iter().filter(|(path, _)| path.starts_with(&under));
        let items: Vec<_> = inside.map(|(_, object)| json!({"metadata": object["metadata"]})).collect();
        ok(200, json!({"metadata": {}, "items": items}))
    }

    pub(super) fn has_namespace(&self, namespace: &str) -> bool {
        self.objects.contains_key(&format!("/api/v1/namespaces/{namespace}"))
    }

    pub(super) fn make(&mut self, path: &str, place: &Place<'_>, mut object: Value) -> Value {
        self.uids += 1;
        object["metadata"]["uid"] = json!(format!("uid-{}", self.uids));
        object["metadata"]["name"] = json!(place.name);
        if let Some(namespace) = place.namespace {
            object["metadata"]["namespace"] = json!(namespace);
        }
        object["metadata"]["generation"] = json!(1);
        self.store(path, object)
    }

    /// In a collection. What it says of a status is not kept.
    pub(super) fn create(&mut self, collection: &str, body: &Value) -> Result<Answer, ApiError> {
        let path = format!("{collection}/{}", meta(body, "name"));
        let place = Place::parse(&path).expect("a path of the API");
        if self.objects.contains_key(&path) {
            let Place { group, resource, name, .. } = place;
            return Err(refused(409, "AlreadyExists", "already exists", group, resource, name, Vec::new()));
        }
        self.admit(&place)?;
        let mut object = body.clone();
        object.as_object_mut().map(|object| object.remove("status"));
        Ok(ok(201, self.make(&path, &place, object)))
    }

    pub(super) fn store(&mut self, path: &str, mut object: Value) -> Value {
        if let Some(live) = self.objects.get(path) {
            object["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
            if *live == object {
                return object;
            }
            if live["spec"] != object["spec"] {
                let generation = live["metadata"]["generation"].as_u64().unwrap_or_default();
                object["metadata"]["generation"] = json!(generation + 1);
            }
        }
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let ends = object["metadata"]["deletionTimestamp"].is_string()
            && object["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty)
            && object["kind"] != "Namespace";
        if ends {
            self.objects.remove(path);
            self.managers.remove(path);
        } else {
            self.objects.insert(path.to_owned(), object.clone());
        }
        self.log.push((path.to_owned(), object.clone(), ends));
        self.finish_namespaces();
        object
    }

    /// A namespace in deletion takes what is in it along, and goes when it is empty.
    fn finish_namespaces(&mut self) {
        let deleting = |(path, object): (&String, &Value)| {
            (object["kind"] == "Namespace" && object["metadata"]["deletionTimestamp"].is_string())
                .then(|| path.clone())
        };
        let namespaces: Vec<String> = self.objects.iter().filter_map(deleting).collect();
        for namespace in namespaces {
            let middle = format!("/namespaces/{}/", namespace.rsplit('/').next().unwrap_or_default());
            let inside: Vec<String> =
                self.objects.keys().filter(|path| path.contains(&middle)).cloned().collect();
            if inside.is_empty() {
                if let Some(object) = self.objects.remove(&namespace) {
                    self.version += 1;
                    let mut object = object;
                    object["metadata"]["resourceVersion"] = json!(self.version.to_string());
                    self.log.push((namespace, object, true));
                }
                continue;
            }
            for path in inside {
                if let Some(place) = Place::parse(&path.clone()) {
                    let _ = self.delete(&path, &place, &Value::Null);
                }
            }
        }
    }

    pub(super) fn apply(
        &mut self,
        path: &str,
        place: &Place<'_>,
        query: &str,
        body: &Value,
    ) -> Result<Answer, ApiError> {
        let conflict =
            || refused(409, "Conflict", "modified", place.group, place.resource, place.name, Vec::new());
        let manager =
            query.split('&').find_map(|part| part.strip_prefix("fieldManager=")).unwrap_or_default();
        let (uid, version) = (meta(body, "uid"), meta(body, "resourceVersion"));
        let mut fields = body.clone();
        for field in ["uid", "resourceVersion"] {
            fields["metadata"].as_object_mut().map(|metadata| metadata.remove(field));
        }
        let Some(live) = self.objects.get(path).cloned() else {
            if !uid.is_empty() {
                return Err(conflict());
            }
            self.admit(place)?;
            let leaves = apply::leaves(&fields);
            apply::own(self.managers.entry(path.to_owned()).or_default(), manager, &leaves);
            return Ok(ok(201, self.make(path, place, fields)));
        };
        if !version.is_empty() && version != meta(&live, "resourceVersion") {
            return Err(conflict());
        }
        if !uid.is_empty() && uid != meta(&live, "uid") {
            return Err(another_uid(place));
        }
        let managers = self.managers.entry(path.to_owned()).or_default();
        let mut owners = managers.clone();
        let merged = apply::merge(&live, &fields, &mut owners, manager, query.contains("force=true"))?;
        apply::check_immutable(&live, &merged)?;
        if query.contains("dryRun=All") {
            return Ok(ok(200, merged));
        }
        *managers = owners;
        Ok(ok(200, self.store(path, merged)))
    }

    fn admit(&self, place: &Place<'_>) -> Result<(), ApiError> {
        let Some(namespace) = place.namespace else { return Ok(()) };
        match self.objects.get(&format!("/api/v1/namespaces/{namespace}")) {
            None => Err(missing("", "namespaces", namespace)),
            Some(found) if found["metadata"]["deletionTimestamp"].is_string() => {
                let cause = Cause { reason: "NamespaceTerminating".into(), ..Cause::default() };
                Err(refused(403, "Forbidden", "terminating", "", "", "", vec![cause]))
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) fn merge(
        &mut self,
        path: &str,
        place: &Place<'_>,
        query: &str,
        body: &Value,
    ) -> Result<Answer, ApiError> {
        let Some(live) = self.objects.get(path).cloned() else { return Err(place.not_found()) };
        let (uid, version) = (meta(body, "uid"), meta(body, "resourceVersion"));
        if !uid.is_empty() && uid != meta(&live, "uid") {
            return Err(another_uid(place));
        }
        if !version.is_empty() && version != meta(&live, "resourceVersion") {
            return Err(refused(
                409,
                "Conflict",
                "modified",
                place.group,
                place.resource,
                place.name,
                Vec::new(),
            ));
        }
        let mut object = live.clone();
        if place.status {
            let mut status = json!({"status": live["status"]});
            json_patch::merge(&mut status, &json!({"status": body["status"]}));
            object["status"] = status["status"].clone();
        } else {
            json_patch::merge(&mut object, body);
            object["status"] = live["status"].clone();
            if live["status"].is_null() {
                object.as_object_mut().map(|object| object.remove("status"));
            }
        }
        let known = live["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        let adds =
            object["metadata"]["finalizers"].as_array().into_iter().flatten().any(|one| !known.contains(one));
        if live["metadata"]["deletionTimestamp"].is_string() && adds {
            return Err(ApiError::status(422, "Invalid", "no new finalizers can be added"));
        }
        let manager =
            query.split('&').find_map(|part| part.strip_prefix("fieldManager=")).unwrap_or_default();
        let touched = apply::changed_leaves(&live, &object);
        apply::own(self.managers.entry(path.to_owned()).or_default(), &format!("{manager}-update"), &touched);
        Ok(ok(200, self.store(path, object)))
    }

    pub(super) fn delete(&mut self, path: &str, place: &Place<'_>, body: &Value) -> Result<Answer, ApiError> {
        let Some(live) = self.objects.get(path).cloned() else { return Err(place.not_found()) };
        for field in ["uid", "resourceVersion"] {
            let wanted = body["preconditions"][field].as_str().unwrap_or_default();
            if !wanted.is_empty() && wanted != meta(&live, field) {
                return Err(refused(
                    409,
                    "Conflict",
                    "precondition",
                    place.group,
                    place.resource,
                    place.name,
                    Vec::new(),
                ));
            }
        }
        let mut object = live;
        if object["metadata"]["deletionTimestamp"].is_null() {
            object["metadata"]["deletionTimestamp"] = json!("2026-03-01T00:00:00Z");
        }
        let object = self.store(path, object);
        Ok(match self.objects.contains_key(path) {
            true => ok(200, object),
            false => ok(200, json!({"kind": "Status", "status": "Success"})),
        })
    }
}

fn another_uid(place: &Place<'_>) -> ApiError {
    let cause = Cause {
        reason: "FieldValueInvalid".into(),
        message: "field is immutable".into(),
        field: "metadata.uid".into(),
    };
    refused(422, "Invalid", "metadata.uid: field is immutable", place.group, "", place.name, vec![cause])
}

fn ok(code: u16, object: Value) -> Answer {
    Answer { code, object }
}
