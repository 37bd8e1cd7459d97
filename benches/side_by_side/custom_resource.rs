//! The same objects as a custom resource of kube-apiserver: a CRD without a schema of its own, and one object
//! per view with the view's labels and status. Knows views as JSON only.

use anyhow::{Context, Result};
use http::Request;
use kube::Client;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::fixture::{block_on, client};
use crate::servers::WRITERS;
use crate::wait::{seconds, until};

pub const GROUP: &str = "bench.kcp.io";
pub const PATH: &str = "/apis/bench.kcp.io/v1alpha1/copiedviews";

/// A custom resource's name has no colon.
pub fn name(view: &str) -> String {
    view.replace(':', ".")
}

/// Makes the CRD and a copy of every item of `list`, and waits until kube-apiserver's cache has them.
pub fn copy(cluster: &Cluster, list: &[u8]) -> Result<()> {
    let list: Value = serde_json::from_slice(list)?;
    let views = list["items"].as_array().context("a list has items")?;
    cluster.admin().apply(&definition());
    let client = client(cluster.admin().kubeconfig());
    let served = || send(&client, Request::get(PATH), &Value::Null).map_err(|error| format!("{error:#}"));
    until("the custom resource is served", seconds(30), served);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let client = client.clone();
                scope.spawn(move || {
                    views.iter().skip(writer).step_by(WRITERS).try_for_each(|view| create(&client, view))
                })
            })
            .collect();
        writers.into_iter().try_for_each(|writer| writer.join().expect("a writer does not panic"))
    })?;
    until("kube-apiserver's cache has every copy", seconds(30), || {
        let list = send(&client, Request::get(format!("{PATH}?resourceVersion=0")), &Value::Null);
        let list = list.map_err(|error| format!("{error:#}"))?;
        let items = list["items"].as_array().ok_or("not a list")?;
        let bare = items.iter().filter(|item| item["metadata"]["managedFields"].is_null()).count();
        if bare == views.len() { Ok(()) } else { Err(format!("{bare} of {}", views.len())) }
    });
    Ok(())
}

fn create(client: &Client, view: &Value) -> Result<()> {
    let name = name(view["metadata"]["name"].as_str().context("a view has a name")?);
    let mut object = json!({"apiVersion": format!("{GROUP}/v1alpha1"), "kind": "CopiedView",
        "metadata": {"name": name}, "status": view["status"]});
    for member in ["labels", "annotations"] {
        if let Some(value) = view["metadata"].get(member) {
            object["metadata"][member] = value.clone();
        }
    }
    send(client, Request::post(PATH), &object)?;
    // A view has no managedFields, so the copy shall not be made larger by them.
    let bare = json!({"metadata": {"managedFields": [{}]}});
    let patch = Request::patch(format!("{PATH}/{name}"));
    send(client, patch.header("Content-Type", "application/merge-patch+json"), &bare)?;
    Ok(())
}

fn send(client: &Client, request: http::request::Builder, body: &Value) -> Result<Value> {
    let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let typed = request.headers_ref().is_some_and(|headers| headers.contains_key("Content-Type"));
    let request = if typed { request } else { request.header("Content-Type", "application/json") };
    Ok(block_on(client.request(request.body(bytes)?))?)
}

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("copiedviews.{GROUP}")},
        "spec": {
            "group": GROUP, "scope": "Cluster",
            "names": {"plural": "copiedviews", "singular": "copiedview", "kind": "CopiedView"},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema":
                    {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    })
}
