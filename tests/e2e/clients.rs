//! Informers under test, all behind one question: what is in your store now? client-go's run as processes
//! of `tests/kube/clients`, kube-rs' own in this process. They know a kubeconfig and a resource.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};
use futures::{StreamExt, pin_mut};
use kube::api::DynamicObject;
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::watcher::{self, Event};
use kube::{Api, Client};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::binaries;
use crate::process::Process;
use crate::wait::{seconds, until_true};

pub trait Informer {
    fn name(&self) -> &str;
    /// Its objects by name, or why it has none yet.
    fn store(&self) -> Result<Vec<Value>>;
    /// What of a served object it keeps.
    fn keeps(&self, served: &Value) -> Value {
        served.clone()
    }
}

/// The resource an informer follows.
#[derive(Clone, Copy)]
pub struct Followed {
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub resource: &'static str,
}

const VIEWS: Followed = Followed {
    group: "views.workload.kcp.io",
    version: "v1alpha1",
    kind: "AggregatedView",
    resource: "aggregatedviews",
};

pub struct ClientGo {
    name: String,
    client: String,
    process: Process,
}

impl ClientGo {
    /// `client` is dynamic, metadata or typed; `streaming` fills the store by WatchList, else by list and watch.
    pub fn start(client: &str, streaming: bool, kubeconfig: &Path, logs: &Path) -> Self {
        Self::follow(VIEWS, client, streaming, kubeconfig, logs)
    }

    pub fn follow(followed: Followed, client: &str, streaming: bool, kubeconfig: &Path, logs: &Path) -> Self {
        let name = format!("client-go-{client}-{}", mode(streaming));
        let mut command = Command::new(binaries::clients());
        command.arg(format!("-kubeconfig={}", kubeconfig.display())).arg(format!("-client={client}"));
        command.arg(format!("-group={}", followed.group)).arg(format!("-version={}", followed.version));
        command.arg(format!("-resource={}", followed.resource));
        command.env("KUBE_FEATURE_WatchListClient", streaming.to_string());
        let process = Process::start(&name, &command, logs).expect("start the client");
        until_true("the client listens", seconds(30), || process.stdout().ends_with('\n'));
        Self { name, client: client.to_owned(), process }
    }
}

impl Informer for ClientGo {
    fn name(&self) -> &str {
        &self.name
    }

    fn store(&self) -> Result<Vec<Value>> {
        let address = self.process.stdout();
        let mut text = String::new();
        TcpStream::connect(address.trim())?.read_to_string(&mut text)?;
        let mut answer: Value = serde_json::from_str(&text)?;
        anyhow::ensure!(answer["synced"] == true, "it is not synced");
        let Value::Array(items) = answer["items"].take() else { return Ok(Vec::new()) };
        Ok(items.iter().map(|item| self.keeps(item)).collect())
    }

    fn keeps(&self, served: &Value) -> Value {
        match self.client.as_str() {
            "metadata" => served["metadata"].clone(),
            "typed" => {
                // The type says it; the object does not say it again.
                let mut typed = served.clone();
                if let Some(members) = typed.as_object_mut() {
                    members.remove("kind");
                    members.remove("apiVersion");
                }
                typed
            }
            _ => served.clone(),
        }
    }
}

fn mode(streaming: bool) -> &'static str {
    if streaming { "streaming" } else { "listing" }
}

/// kube-rs' watcher, which the server itself must not use, as a client of it.
pub struct KubeRs {
    name: String,
    store: Arc<Mutex<Option<Store>>>,
    /// Owns the task that follows the watcher.
    _task: JoinSet<()>,
}

type Store = BTreeMap<String, Value>;

impl KubeRs {
    pub async fn start(client: Client, streaming: bool) -> Self {
        Self::follow(VIEWS, client, streaming).await
    }

    pub async fn follow(followed: Followed, client: Client, streaming: bool) -> Self {
        let name = format!("kube-rs-{}", mode(streaming));
        let kind = GroupVersionKind::gvk(followed.group, followed.version, followed.kind);
        let api: Api<DynamicObject> =
            Api::all_with(client, &ApiResource::from_gvk_with_plural(&kind, followed.resource));
        let config = watcher::Config::default();
        let config = if streaming { config.streaming_lists() } else { config };
        let store = Arc::new(Mutex::new(None));
        let mut task = JoinSet::new();
        task.spawn(run(api, config, store.clone()));
        Self { name, store, _task: task }
    }
}

async fn run(api: Api<DynamicObject>, config: watcher::Config, store: Arc<Mutex<Option<Store>>>) {
    let events = watcher::watcher(api, config);
    pin_mut!(events);
    let mut next = Store::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => apply(event, &mut next, &mut store.lock()),
            // It retries at once; what a user of it would do is back off.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
        }
    }
}

fn apply(event: Event<DynamicObject>, next: &mut Store, store: &mut Option<Store>) {
    let entry = |object: &DynamicObject| {
        let name = object.metadata.name.clone().unwrap_or_default();
        (name, serde_json::to_value(object).expect("it came from JSON"))
    };
    match event {
        Event::Init => next.clear(),
        Event::InitApply(object) => next.extend([entry(&object)]),
        Event::InitDone => *store = Some(std::mem::take(next)),
        Event::Apply(object) => store.get_or_insert_default().extend([entry(&object)]),
        Event::Delete(object) => {
            store.get_or_insert_default().remove(&entry(&object).0);
        }
    }
}

impl Informer for KubeRs {
    fn name(&self) -> &str {
        &self.name
    }

    fn store(&self) -> Result<Vec<Value>> {
        let store = self.store.lock();
        Ok(store.as_ref().context("it is not synced")?.values().cloned().collect())
    }
}
