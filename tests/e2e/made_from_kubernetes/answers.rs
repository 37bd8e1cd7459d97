//! The answers that `controlplane::kinds` is tested with are those of kube-apiserver: every case is played again.
//!
//! A case is an object to create, sometimes what to update it with, and what came of it. New ones are added by
//! hand with these two alone; `make generate-kubernetes` fills in the answers.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tmc::apiserver::resource::ResourceInfo;
use tmc::apiserver::schema::Schema;
use tmc::controlplane::kinds::addresses::{Addresses, Counted};
use tmc::controlplane::kinds::all;

use crate::env;
use crate::fixture::block_on;
use crate::sequences::connection::{Answer, Connection, Sent, Target};

const FILE: &str = "src/controlplane/kinds/tests/recorded.jsonl";
const NAMESPACE: &str = "t";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

#[test]
fn recorded_answers_are_those_of_kube_apiserver() {
    let Some(env) = env::shared() else { return };
    let target = Target::of(env.cluster.admin().kubeconfig()).expect("a kubeconfig");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let cases = std::fs::read_to_string(file).expect("a file of the repository");
    let cases = cases.lines().map(|line| serde_json::from_str(line).expect("a case"));
    let cases: Vec<Value> = cases.collect();
    let played = block_on(async {
        let mut server = Server { connection: Connection::new(&target), infos: infos() };
        let namespace = json!({"metadata": {"name": NAMESPACE}});
        server.ask("POST", "/api/v1/namespaces", Some(&namespace), "application/json").await;
        let mut played = Vec::new();
        for case in &cases {
            played.push(server.play(case).await);
        }
        played
    });
    if super::generate() {
        let lines: String = played.iter().map(|case| format!("{case}\n")).collect();
        return super::write(FILE, lines.as_bytes());
    }
    let both = cases.iter().zip(&played);
    let stale: Vec<_> = both.filter(|(old, new)| normal(old) != normal(new)).map(|(_, new)| new).collect();
    assert!(stale.is_empty(), "{} are other now: {stale:#?}; run `make generate-kubernetes`", stale.len());
}

fn infos() -> Vec<Arc<ResourceInfo>> {
    let addresses: Arc<dyn Addresses> = Arc::new(Counted::default());
    let strategies = all(&|_, _, _| Arc::new(Schema::default()), &addresses);
    strategies.iter().map(|strategy| strategy.info().clone()).collect()
}

struct Server<'a> {
    connection: Connection<'a>,
    infos: Vec<Arc<ResourceInfo>>,
}

impl Server<'_> {
    async fn ask(&mut self, method: &str, path: &str, body: Option<&Value>, accept: &str) -> (Answer, Value) {
        let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let headers = [("accept", accept), ("content-type", kind)];
        let sent = Sent {
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            body: body.map(|body| body.to_string().into()).unwrap_or_default(),
        };
        let answer = self.connection.ask(method, path, &sent).await.expect("an answer");
        let value = serde_json::from_str(&answer.body).expect("JSON");
        (answer, value)
    }

    async fn play(&mut self, case: &Value) -> Value {
        let info = self.infos.iter().find(|info| info.kind == case["kind"].as_str().unwrap_or_default());
        let path = collection(info.expect("a served kind"));
        let mut played = Map::new();
        for said in ["kind", "create", "update", "subresource"] {
            played.extend(case.get(said).map(|value| (said.to_owned(), value.clone())));
        }
        let (answer, created) = self.ask("POST", &path, Some(&case["create"]), "application/json").await;
        played.insert("created".to_owned(), lasting(&created));
        if answer.status == 201 {
            played.insert("warnings".to_owned(), warnings(&answer));
            let item = format!("{path}/{}", escaped(&created["metadata"]["name"]));
            if let Some(update) = case.get("update") {
                let below = case["subresource"].as_str().map(|below| format!("/{below}")).unwrap_or_default();
                let path = format!("{item}{below}");
                let (_, updated) = self.ask("PUT", &path, Some(update), "application/json").await;
                played.insert("updated".to_owned(), lasting(&updated));
            }
            let (_, table) = self.ask("GET", &item, None, TABLE).await;
            played.insert("cells".to_owned(), table["rows"][0]["cells"].clone());
            self.remove(&item, case["kind"] == "Namespace").await;
        }
        Value::Object(played)
    }

    async fn remove(&mut self, item: &str, namespace: bool) {
        let open = json!({"metadata": {"finalizers": null}});
        self.ask("PATCH", item, Some(&open), "application/json").await;
        self.ask("DELETE", item, None, "application/json").await;
        if namespace {
            // Nobody else empties it here.
            let (_, mut object) = self.ask("GET", item, None, "application/json").await;
            object["spec"]["finalizers"] = json!([]);
            self.ask("PUT", &format!("{item}/finalize"), Some(&object), "application/json").await;
        }
    }
}

fn collection(info: &ResourceInfo) -> String {
    let root = if info.group.is_empty() { "/api" } else { "/apis" };
    let scope = if info.namespaced { format!("namespaces/{NAMESPACE}/") } else { String::new() };
    format!("{root}/{}/{scope}{}", info.group_version(), info.resource)
}

fn escaped(name: &Value) -> String {
    name.as_str().expect("a name").replace(' ', "%20")
}

/// The texts of the warnings: `299 - "text"`.
fn warnings(answer: &Answer) -> Value {
    let texts = answer.header("warning").into_iter();
    texts.filter_map(|warning| serde_json::from_str::<Value>(warning.strip_prefix("299 - ")?).ok()).collect()
}

/// What of an answer is recorded.
fn lasting(answer: &Value) -> Value {
    if answer["kind"] == "Status" {
        let mut kept = json!({"code": answer["code"], "message": answer["message"]});
        if answer["details"]["causes"].is_array() {
            kept["causes"] = answer["details"]["causes"].clone();
        }
        return kept;
    }
    let mut kept = answer.clone();
    for varying in ["uid", "resourceVersion", "managedFields", "creationTimestamp"] {
        kept["metadata"].as_object_mut().map(|metadata| metadata.remove(varying));
    }
    kept
}

/// Without what is given out anew every time, and in an order of causes that is no map's.
fn normal(case: &Value) -> Value {
    let mut case = case.clone();
    for answer in ["created", "updated"] {
        let Some(answer) = case.get_mut(answer) else { continue };
        if let Some(spec) = answer.get_mut("spec") {
            given(spec);
        }
        if let Some(causes) = answer.get_mut("causes").and_then(Value::as_array_mut) {
            causes.sort_by_key(Value::to_string);
            answer["message"].take();
        }
    }
    case["cells"].take();
    case
}

fn given(spec: &mut Value) {
    for pointer in ["/clusterIP", "/clusterIPs/0", "/healthCheckNodePort"] {
        if let Some(value) = spec.pointer_mut(pointer).filter(|value| **value != "None") {
            value.take();
        }
    }
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten();
    ports.filter(|port| port["nodePort"].is_number()).for_each(|port| port["nodePort"] = json!(1));
}
