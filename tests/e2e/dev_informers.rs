//! Informers of client-go and kube-rs stay equal to what `tmc dev` serves while objects come, change and go: of a
//! built-in kind, of a custom one, and over all workspaces.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::binaries;
use crate::clients::{ClientGo, Followed, Informer, KubeRs};
use crate::demo::Demo;
use crate::fixture::{block_on, client};
use crate::histories::server::Server;
use crate::wait::{seconds, until};

const CONFIG_MAPS: Followed =
    Followed { group: "", version: "v1", kind: "ConfigMap", resource: "configmaps" };
const GADGETS: Followed =
    Followed { group: "proof.example.com", version: "v1", kind: "Gadget", resource: "gadgets" };
const WORKSPACES: [&str; 2] = ["root", "root:two"];
const STEPS: u64 = 150;

/// One resource in one scope, and who follows it.
struct Case {
    path: String,
    informers: Vec<Box<dyn Informer>>,
}

fn api(followed: Followed) -> String {
    if followed.group.is_empty() {
        "api/v1".into()
    } else {
        format!("apis/{}/{}", followed.group, followed.version)
    }
}

impl Case {
    fn start(folder: &Path, kubeconfig: &Path, scope: &str, followed: Followed, clients: &[&str]) -> Self {
        let mut informers: Vec<Box<dyn Informer>> = Vec::new();
        let logs = folder.join(format!("{}-{}", followed.resource, scope.replace('*', "all")));
        for streaming in [true, false] {
            for name in clients {
                informers.push(Box::new(ClientGo::follow(followed, name, streaming, kubeconfig, &logs)));
            }
            informers.push(Box::new(block_on(KubeRs::follow(followed, client(kubeconfig), streaming))));
        }
        Self { path: format!("/clusters/{scope}/{}/{}", api(followed), followed.resource), informers }
    }

    #[track_caller]
    fn until_equal(&self, what: &str, server: &Server) {
        for informer in &self.informers {
            until(&format!("{} of {} is equal {what}", informer.name(), self.path), seconds(60), || {
                let (_, list) = block_on(server.ask("GET", &self.path, "application/json", &Value::Null))
                    .map_err(|error| error.to_string())?;
                let mut served = list["items"].as_array().cloned().unwrap_or_default();
                for item in &mut served {
                    item["kind"] = list["kind"].as_str().map(|kind| kind.trim_end_matches("List")).into();
                    item["apiVersion"] = list["apiVersion"].clone();
                }
                let mut served: Vec<_> = served.iter().map(|item| informer.keeps(item)).collect();
                let mut store = informer.store().map_err(|error| format!("{error:#}"))?;
                served.sort_by_key(Value::to_string);
                store.sort_by_key(Value::to_string);
                if store == served {
                    return Ok(());
                }
                let first = store.iter().zip(&served).find(|(one, other)| one != other);
                Err(format!("{} objects of {}; first difference: {first:?}", store.len(), served.len()))
            });
        }
    }
}

/// The kubeconfig with another scope in its server's URL.
fn scoped(demo: &Demo, scope: &str) -> PathBuf {
    let text = std::fs::read_to_string(demo.kubeconfig()).expect("a kubeconfig");
    let file = demo.folder.path().join(format!("{}.kubeconfig", scope.replace('*', "all")));
    std::fs::write(&file, text.replace("/clusters/root", &format!("/clusters/{scope}"))).expect("write it");
    file
}

/// Objects come, change and go, in an order that is always the same.
async fn churn(server: &Server, seed: &mut u64) -> anyhow::Result<()> {
    for _ in 0..STEPS {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = *seed >> 33;
        let workspace = WORKSPACES[(drawn % 2) as usize];
        let followed = if (drawn / 2).is_multiple_of(3) { GADGETS } else { CONFIG_MAPS };
        let path =
            format!("/clusters/{workspace}/{}/namespaces/default/{}", api(followed), followed.resource);
        // No name is in two workspaces: an informer knows namespace and name alone.
        let name = format!("{}-{}", workspace.replace(':', "-"), drawn / 6 % 8);
        let one = format!("{path}/{name}");
        let api_version = api(followed).split_once('/').map(|(_, version)| version.to_owned());
        let object = json!({"apiVersion": api_version, "kind": followed.kind, "metadata": {"name": name},
            "data": {"drawn": drawn.to_string()}});
        let (method, path, media) = match drawn / 48 % 4 {
            0 => ("DELETE", one, "application/json"),
            1 => ("POST", path, "application/json"),
            _ => ("PATCH", format!("{one}?fieldManager=churn&force=true"), "application/apply-patch+yaml"),
        };
        let sent = if method == "DELETE" { Value::Null } else { object };
        let (status, answer) = server.ask(method, &path, media, &sent).await?;
        anyhow::ensure!(matches!(status, 200 | 201 | 404 | 409), "{method} {path}: {answer}");
    }
    Ok(())
}

#[test]
fn informers_stay_equal_to_what_tmc_dev_serves() {
    if !binaries::present() {
        return;
    }
    let demo = Demo::start(&["--no-demo", "--clusters=0", "--workspaces=root:two"]);
    for workspace in WORKSPACES {
        let admin = demo.within(workspace);
        let data = json!({"type": "object", "additionalProperties": {"type": "string"}});
        let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"data": data}}});
        admin.apply(&json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "gadgets.proof.example.com"},
            "spec": {"group": "proof.example.com", "scope": "Namespaced",
                "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}]}}));
        admin.run(&["wait", "--for=condition=Established", "crd/gadgets.proof.example.com", "--timeout=30s"]);
    }
    let server = block_on(Server::outside(&demo.kubeconfig())).expect("a client");
    let mut seed = 42;
    block_on(churn(&server, &mut seed)).expect("it is served");
    let folder = demo.folder.path();
    let cases = [
        Case::start(folder, &demo.kubeconfig(), "root", CONFIG_MAPS, &["dynamic", "metadata", "typed"]),
        Case::start(folder, &scoped(&demo, "root:two"), "root:two", GADGETS, &["dynamic", "metadata"]),
        Case::start(folder, &scoped(&demo, "*"), "*", CONFIG_MAPS, &["dynamic", "metadata", "typed"]),
        Case::start(folder, &scoped(&demo, "*"), "*", GADGETS, &["dynamic"]),
    ];
    for case in &cases {
        case.until_equal("at the start", &server);
    }
    block_on(churn(&server, &mut seed)).expect("it is served");
    for case in &cases {
        case.until_equal("after churn", &server);
    }
}
