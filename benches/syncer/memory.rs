//! An API in memory that answers at once: lists and watches as bytes, applies and merge patches as JSON. Nothing is
//! checked and no label selects. Who asks it pays what any client pays: his body is written and the answer is read.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tmc::{
    informers::{Fetch, FetchBody},
    syncer::api::{Action, Answer, Api, ApiError, Call},
    upstream::UpstreamError,
};
use tokio::sync::mpsc;

/// As long as what two managers leave on a small object.
const FIELDS: &str = r#"{"f:data":{"f:settings":{}},"f:metadata":{"f:annotations":{"f:a":{},"f:b":{},"f:c":{}},"f:labels":{"f:d":{},"f:e":{},"f:f":{}}}}"#;

/// Frames of one watch.
const MOST: usize = 1 << 17;

#[derive(Clone, Default)]
pub struct Objects {
    version: u64,
    by_path: BTreeMap<String, Value>,
}

#[derive(Default)]
pub struct Memory {
    objects: Mutex<Objects>,
    /// Watches with the collection that each is of.
    watches: Mutex<Vec<(String, mpsc::Sender<Bytes>)>>,
    /// What watches are not told of yet, while that is held back.
    held: Mutex<Option<Vec<(String, Bytes)>>>,
    /// What was written by whom it serves, if that is asked for.
    calls: Mutex<Option<Vec<Call>>>,
    pub written: std::sync::atomic::AtomicUsize,
}

impl Memory {
    /// The same objects, and nobody who watches.
    pub fn twin(&self) -> Self {
        Self { objects: Mutex::new(self.objects.lock().clone()), ..Self::default() }
    }

    pub fn record(&self) {
        *self.calls.lock() = Some(Vec::new());
    }

    pub fn recorded(&self) -> Vec<Call> {
        self.calls.lock().take().unwrap_or_default()
    }

    pub fn watches(&self) -> usize {
        self.watches.lock().len()
    }

    /// Tells watches of nothing until it is released.
    pub fn hold(&self) {
        *self.held.lock() = Some(Vec::new());
    }

    pub fn release(&self) {
        let held = self.held.lock().take().unwrap_or_default();
        held.iter().for_each(|(collection, frame)| self.tell(collection, frame));
    }

    fn tell(&self, collection: &str, frame: &Bytes) {
        for (_, watch) in self.watches.lock().iter().filter(|(watched, _)| watched == collection) {
            watch
                .try_send(frame.clone())
                .expect("a watch is read, and the bench changes less than that at once");
        }
    }

    /// Makes or changes an object as a user would.
    pub fn put(&self, path: &str, change: impl FnOnce(&mut Value)) {
        self.change(path, |object| {
            change(object);
            let generation = object["metadata"]["generation"].as_u64().unwrap_or_default() + 1;
            object["metadata"]["generation"] = generation.into();
        });
    }

    /// Changes an object, tells all watches of it, and returns it as bytes.
    fn change(&self, path: &str, change: impl FnOnce(&mut Value)) -> Bytes {
        let mut objects = self.objects.lock();
        objects.version += 1;
        let version = objects.version;
        let is_new = !objects.by_path.contains_key(path);
        let object = objects.by_path.entry(path.to_owned()).or_insert_with(|| json!({"metadata": {}}));
        change(object);
        let metadata = &mut object["metadata"];
        metadata["resourceVersion"] = version.to_string().into();
        if metadata["uid"].is_null() {
            metadata["uid"] = format!("6f9619ff-8b86-d011-b42d-{version:012}").into();
            metadata["creationTimestamp"] = "2026-11-29T12:00:00Z".into();
            let fields = json!({"manager": "bench", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
                "time": "2026-11-29T12:00:00Z", "fieldsV1": FIELDS});
            metadata["managedFields"] = json!([fields, fields]);
        }
        let text = object.to_string();
        let kind = if is_new { "ADDED" } else { "MODIFIED" };
        let frame = Bytes::from(format!("{{\"type\":\"{kind}\",\"object\":{text}}}\n"));
        let collection = collection(path);
        match &mut *self.held.lock() {
            Some(held) => held.push((collection, frame)),
            None => self.tell(&collection, &frame),
        }
        text.into()
    }

    /// The server's side of a request.
    pub fn serve(&self, call: &Call) -> Bytes {
        let path = call.path.split('?').next().unwrap_or_default();
        match call.action {
            Action::Apply => self.change(path, |object| apply(object, &call.body)),
            Action::Merge => self.change(path, |object| json_patch::merge(object, &call.body)),
            action => panic!("the bench makes nobody {action:?} {path}"),
        }
    }

    fn list(&self, path: &str) -> Bytes {
        let objects = self.objects.lock();
        let items: Vec<_> = objects
            .by_path
            .iter()
            .filter(|(at, _)| collection(at) == path)
            .map(|(_, object)| object)
            .collect();
        let list = json!({"metadata": {"resourceVersion": objects.version.to_string()}, "items": items});
        list.to_string().into()
    }

    fn watch(&self, path: &str) -> FetchBody {
        let (sender, receiver) = mpsc::channel(MOST);
        self.watches.lock().push((path.to_owned(), sender));
        let frames = stream::unfold(receiver, |mut receiver| async {
            let frame: Bytes = receiver.recv().await?;
            Some((Ok(Frame::data(frame)), receiver))
        });
        StreamBody::new(frames).boxed_unsync()
    }
}

/// Where an object is listed: everything of its kind, whatever namespace it is in.
fn collection(path: &str) -> String {
    let all = path.rsplit_once('/').map(|(collection, _)| collection).unwrap_or_default();
    match all.split_once("/namespaces/") {
        Some((root, inside)) => format!("{root}/{}", inside.rsplit('/').next().unwrap_or_default()),
        None => all.to_owned(),
    }
}

/// Of one manager that applies all there is.
fn apply(object: &mut Value, body: &Value) {
    let before = object.take();
    *object = body.clone();
    for field in ["uid", "creationTimestamp", "managedFields"] {
        if let Some(value) = before["metadata"].get(field) {
            object["metadata"][field] = value.clone();
        }
    }
}

#[async_trait]
impl Fetch for Memory {
    async fn fetch(&self, path: &str, _: &'static str) -> Result<Response<FetchBody>, UpstreamError> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let body = match query.contains("watch=true") {
            true => self.watch(path),
            false => {
                http_body_util::Full::new(self.list(path)).map_err(|never| match never {}).boxed_unsync()
            }
        };
        Ok(Response::new(body))
    }
}

#[async_trait]
impl Api for Memory {
    async fn call(&self, call: &Call) -> Result<Answer, ApiError> {
        let sent = call.body.to_string();
        std::hint::black_box(&sent);
        if let Some(calls) = &mut *self.calls.lock() {
            calls.push(call.clone());
        }
        let bytes = self.serve(call);
        let object = serde_json::from_slice(&bytes).map_err(|error| ApiError::Decode(error.to_string()))?;
        self.written.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(Answer { code: 200, object })
    }
}
