//! A Kubernetes API as far as registration uses one, in the test's own process: objects by path, merge patch
//! and apply, resourceVersion and uid preconditions, reviews. What it keeps and refuses is the test's to set.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

use crate::upstream::{Target, Upstream};

pub type Rival = Box<dyn FnOnce(&mut BTreeMap<String, Value>) + Send>;

#[derive(Default)]
pub struct State {
    pub objects: BTreeMap<String, Value>,
    /// Method and path of every request that changed something, in order.
    pub writes: Vec<(Method, String)>,
    /// Refused with 403: a method and the beginning of a path.
    pub denied: Vec<(Method, &'static str)>,
    /// `verb resource` that reviews answer with no.
    pub not_allowed: Vec<&'static str>,
    /// The Available condition of an APIService that is applied.
    pub available: Option<Value>,
    /// Runs once before the next write, as somebody else who comes first.
    pub rival: Option<Rival>,
    version: u64,
}

pub struct FakeApi {
    pub state: Arc<Mutex<State>>,
    pub upstream: Upstream,
    /// Ends the server when the test ends.
    _server: JoinSet<()>,
}

impl FakeApi {
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        server.spawn(accept(listener, state.clone()));
        let file = tempfile::NamedTempFile::new().unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "fake", "user": {}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
        });
        std::fs::write(file.path(), kubeconfig.to_string()).unwrap();
        let target = Target { kubeconfig: Some(file.path()), ..Target::default() };
        let upstream = Upstream::connect(&target).await.unwrap();
        Self { state, upstream, _server: server }
    }

    pub fn put(&self, path: &str, object: Value) {
        self.state.lock().objects.insert(path.to_owned(), object);
    }

    pub fn object(&self, path: &str) -> Value {
        self.state.lock().objects.get(path).cloned().unwrap_or_default()
    }

    pub fn written(&self) -> Vec<String> {
        self.state.lock().writes.iter().map(|(method, path)| format!("{method} {path}")).collect()
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let state = state.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(state.clone(), request));
            let connection = hyper::server::conn::http1::Builder::new();
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let apply =
        parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/apply-patch+yaml");
    let (code, object) = state.lock().request(&parts.method, parts.uri.path(), body, apply);
    let response = Response::builder()
        .status(code)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::DATE, jiff::fmt::rfc2822::to_string(&jiff::Zoned::now()).unwrap());
    Ok(response.body(Full::from(object.to_string())).unwrap())
}

fn status(code: StatusCode) -> (StatusCode, Value) {
    let reason = code.canonical_reason().unwrap_or_default().replace(' ', "");
    (code, json!({"kind": "Status", "code": code.as_u16(), "reason": reason, "message": "the fake says no"}))
}

impl State {
    fn request(&mut self, method: &Method, path: &str, body: Value, apply: bool) -> (StatusCode, Value) {
        if self.denied.iter().any(|(denied, prefix)| denied == method && path.starts_with(prefix)) {
            return status(StatusCode::FORBIDDEN);
        }
        if path.ends_with("subjectaccessreviews") {
            return (StatusCode::CREATED, self.review(&body));
        }
        if method == Method::GET {
            let found = self.objects.get(path).cloned();
            return found.map_or(status(StatusCode::NOT_FOUND), |object| (StatusCode::OK, object));
        }
        if let Some(rival) = self.rival.take() {
            rival(&mut self.objects);
        }
        self.writes.push((method.clone(), path.to_owned()));
        let current = self.objects.get(path).cloned();
        match (current, apply) {
            (None, false) => status(StatusCode::NOT_FOUND),
            (Some(current), _) if conflicts(&current, &body) => status(StatusCode::CONFLICT),
            _ if method == Method::DELETE => (StatusCode::OK, self.objects.remove(path).unwrap_or_default()),
            (current, _) => (StatusCode::OK, self.write(path, current, body)),
        }
    }

    fn review(&self, review: &Value) -> Value {
        let attributes = &review["spec"]["resourceAttributes"];
        let asked = format!(
            "{} {}",
            attributes["verb"].as_str().unwrap_or_default(),
            attributes["resource"].as_str().unwrap_or_default()
        );
        json!({"status": {"allowed": !self.not_allowed.contains(&asked.as_str())}})
    }

    fn write(&mut self, path: &str, current: Option<Value>, patch: Value) -> Value {
        let mut object = current.unwrap_or_default();
        merge(&mut object, patch);
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = json!(format!("uid-{}", self.version));
        }
        let condition = match object["kind"].as_str() {
            Some("CustomResourceDefinition") => Some(json!({"type": "Established", "status": "True"})),
            Some("APIService") => self.available.clone(),
            _ => None,
        };
        if let Some(condition) = condition {
            object["status"]["conditions"] = json!([condition]);
        }
        self.objects.insert(path.to_owned(), object.clone());
        object
    }
}

fn conflicts(current: &Value, body: &Value) -> bool {
    let metadata = &current["metadata"];
    let differs = |wanted: &Value, found: &Value| !wanted.is_null() && wanted != found;
    differs(&body["metadata"]["resourceVersion"], &metadata["resourceVersion"])
        || differs(&body["preconditions"]["uid"], &metadata["uid"])
}

/// RFC 7386.
fn merge(into: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *into = patch;
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in patch {
        match value {
            Value::Null => drop(into.as_object_mut().and_then(|object| object.remove(&key))),
            value => merge(&mut into[&key], value),
        }
    }
}
