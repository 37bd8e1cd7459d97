//! Many clients write, read, list and watch the same few objects at once; what each asked and was told is written
//! down and judged afterwards: writes are linearizable for each object, and no watch misses, repeats or reorders
//! anything. In this process first, then over HTTPS with `tmc dev`.

mod check;
mod check_views;
mod faults;
mod record;
pub mod server;
mod traffic;
mod watching;

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::binaries;
use crate::dev::Dev;
use crate::fixture::block_on;
use record::{History, Watch};
use server::Server;
use traffic::Traffic;

pub struct Kind {
    api_version: &'static str,
    kind: &'static str,
    resource: &'static str,
    path: &'static str,
    /// The same objects, looked at over all workspaces.
    across: &'static str,
}

const KINDS: [Kind; 2] = [
    Kind {
        api_version: "v1",
        kind: "ConfigMap",
        resource: "configmaps",
        path: "/clusters/root/api/v1/namespaces/histories/configmaps",
        across: "/clusters/*/api/v1/configmaps?fieldSelector=metadata.namespace%3Dhistories",
    },
    Kind {
        api_version: "proof.example.com/v1",
        kind: "Ledger",
        resource: "ledgers",
        path: "/clusters/root/apis/proof.example.com/v1/namespaces/histories/ledgers",
        across: "/clusters/*/apis/proof.example.com/v1/ledgers?fieldSelector=metadata.namespace%3Dhistories",
    },
];

fn definition() -> Value {
    let data = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"data": data}}});
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "ledgers.proof.example.com"},
        "spec": {"group": "proof.example.com", "scope": "Namespaced",
            "names": {"plural": "ledgers", "singular": "ledger", "kind": "Ledger", "listKind": "LedgerList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}]}})
}

async fn prepare(server: &Server) -> Result<()> {
    let media = "application/json";
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "histories"}});
    let definitions = "/clusters/root/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for (path, object) in [("/clusters/root/api/v1/namespaces", namespace), (definitions, definition())] {
        let (status, answer) = server.ask("POST", path, media, &object).await?;
        ensure!(status == 201, "{path}: {answer}");
    }
    let mut watch = server.watch(&format!("{definitions}?watch=1"), media).await?;
    while let Some(event) = watch.next().await? {
        let conditions = event["object"]["status"]["conditions"].as_array().cloned().unwrap_or_default();
        if conditions
            .iter()
            .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
        {
            return Ok(());
        }
    }
    anyhow::bail!("the definition is not established")
}

/// What happens to one resource while `clients` take so many steps each.
async fn record(server: Server, kind: &'static Kind, clients: usize, steps: usize) -> Result<History> {
    // A watch over all workspaces goes back to the first look over them.
    server.ask("GET", kind.across, "application/json", &Value::Null).await?;
    let (_, list) = server.ask("GET", kind.path, "application/json", &Value::Null).await?;
    let start = record::version(&list);
    let mut following = JoinSet::new();
    let mut follow = |watches: Vec<Watch>| {
        for watch in watches {
            following.spawn(watching::follow(server.clone(), kind, watch));
        }
    };
    follow(watching::plan(start));
    let traffic = Traffic::new(server.clone(), kind);
    traffic.run(clients, steps / 2).await?;
    follow(watching::late());
    traffic.run(clients, steps / 2).await?;
    traffic.finish().await?;
    let mut history = History { resource: kind.resource, start, ..History::default() };
    while let Some(watch) = following.join_next().await {
        history.watches.push(watch??);
    }
    history.calls = std::mem::take(&mut *traffic.calls.lock());
    history.lists = std::mem::take(&mut *traffic.lists.lock());
    Ok(history)
}

/// Records the histories of all kinds at once, and judges them.
async fn prove(server: Server, clients: usize, steps: usize) -> Result<Vec<History>> {
    prepare(&server).await?;
    let mut recording = JoinSet::new();
    for kind in &KINDS {
        recording.spawn(record(server.clone(), kind, clients, steps));
    }
    let mut histories = Vec::new();
    while let Some(history) = recording.join_next().await {
        histories.push(history??);
    }
    let mut versions = BTreeSet::new();
    for history in &histories {
        let accepted = history.calls.iter().filter(|call| call.is_accepted_write());
        for call in accepted.clone().filter(|call| !matches!(call.op, record::Op::Delete(_))) {
            ensure!(versions.insert(record::version(&call.answer)), "a version of two writes: {call:?}");
        }
        let (calls, accepted, lists) = (history.calls.len(), accepted.count(), history.lists.len());
        println!("{}: {calls} calls, {accepted} accepted writes, {lists} lists", history.resource);
        check::check(history).map_err(|why| anyhow::anyhow!("{}: {why}", history.resource))?;
    }
    Ok(histories)
}

#[test]
fn histories_inside_this_process_are_linearizable_and_complete() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let histories = runtime.block_on(async { prove(Server::inside(), 8, 96).await }).expect("good histories");
    for history in &histories {
        faults::are_found(history);
    }
}

/// What is deleted as a collection goes however fast others change it.
#[test]
fn a_collection_is_deleted_under_fire() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    let left = runtime.expect("a runtime").block_on(async {
        let server = Server::inside();
        prepare(&server).await?;
        for round in 0..20 {
            traffic::delete_under_fire(&server, &KINDS[round % KINDS.len()]).await?;
        }
        anyhow::Ok(())
    });
    left.expect("nothing is left");
}

#[test]
fn histories_over_https_are_linearizable_and_complete() {
    if !binaries::present() {
        return;
    }
    let dev = Arc::new(Dev::start());
    let kubeconfig = dev.admin().kubeconfig().to_owned();
    block_on(async { prove(Server::outside(&kubeconfig).await?, 6, 60).await }).expect("good histories");
}
