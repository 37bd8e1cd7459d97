//! What is checked in but made from the pinned Kubernetes is what that Kubernetes says. `make
//! generate-kubernetes` runs this with `TMC_GENERATE=1`, which writes the files anew.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tmc::controlplane::documents;

use crate::{binaries, env};

mod answers;
mod cut;

use cut::{cut, each_parameter, each_parameters, parameters_once};

/// What of each group version is served: resources, and those of their subresources that are.
const SERVED: &[(&str, &[&str])] = &[
    (
        "api/v1",
        &[
            "configmaps",
            "events",
            "namespaces",
            "namespaces/finalize",
            "namespaces/status",
            "secrets",
            "serviceaccounts",
            "serviceaccounts/token",
            "services",
            "services/status",
        ],
    ),
    ("apis/apiextensions.k8s.io/v1", &["customresourcedefinitions", "customresourcedefinitions/status"]),
    (
        "apis/apps/v1",
        &[
            "deployments",
            "deployments/scale",
            "deployments/status",
            "statefulsets",
            "statefulsets/scale",
            "statefulsets/status",
        ],
    ),
    ("apis/authentication.k8s.io/v1", &["selfsubjectreviews", "tokenreviews"]),
    (
        "apis/authorization.k8s.io/v1",
        &[
            "localsubjectaccessreviews",
            "selfsubjectaccessreviews",
            "selfsubjectrulesreviews",
            "subjectaccessreviews",
        ],
    ),
    ("apis/coordination.k8s.io/v1", &["leases"]),
    ("apis/rbac.authorization.k8s.io/v1", &["clusterrolebindings", "clusterroles", "rolebindings", "roles"]),
];

fn generate() -> bool {
    std::env::var_os("TMC_GENERATE").is_some_and(|value| value == "1")
}

fn write(file: &str, content: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("create the folder");
    std::fs::write(path, content).expect("write a file of the repository");
}

/// The documents in `openapi/kubernetes/` are those of kube-apiserver, cut down to the resources that `tmc dev`
/// serves, each repeated parameter written once.
#[test]
fn openapi_v3_is_that_of_kube_apiserver() {
    let Some(env) = env::shared() else { return };
    let served: Vec<_> = SERVED.iter().map(|(path, _)| *path).collect();
    let compiled: Vec<_> = documents::all().iter().map(|document| document.path).collect();
    assert_eq!(served, compiled, "what is generated is compiled in");
    let mut stale = Vec::new();
    for ((path, resources), compiled) in SERVED.iter().zip(documents::all()) {
        let real = env.cluster.admin().json(&["get", "--raw", &format!("/openapi/v3/{path}")]);
        let cut = cut(real, path, resources);
        if generate() {
            let text = serde_json::to_string_pretty(&parameters_once(cut)).expect("JSON can be written");
            write(&format!("openapi/kubernetes/{path}.json"), format!("{text}\n").as_bytes());
        } else if *compiled.content() != cut {
            stale.push(path);
        }
    }
    assert!(stale.is_empty(), "not what kube-apiserver gives: {stale:?}; run `make generate-kubernetes`");
}

/// v2 is made of v3: kube-apiserver's own v2 has the same paths and definitions.
#[test]
fn openapi_v2_is_that_of_kube_apiserver() {
    let Some(env) = env::shared() else { return };
    let mut real = env.cluster.admin().json(&["get", "--raw", "/openapi/v2"]);
    let mut made = documents::swagger(documents::all().iter().map(documents::Document::content));
    let parameters = real["parameters"].take();
    for document in [&mut real, &mut made] {
        each_parameter(document, |parameter| {
            if let Some(name) = parameter["$ref"].as_str().and_then(|name| name.strip_prefix("#/parameters/"))
            {
                *parameter = parameters[name].clone();
            }
        });
        // kube-apiserver sorts them by what it calls them inside.
        each_parameters(document, |list| {
            list.sort_by_key(|one| (one["in"].to_string(), one["name"].to_string()))
        });
    }
    for (path, item) in made["paths"].as_object().expect("v2 has paths") {
        assert_eq!(*item, real["paths"][path], "{path}");
    }
    for (name, definition) in made["definitions"].as_object().expect("v2 has definitions") {
        let mut wanted = real["definitions"][name].clone();
        if let (Some(kinds), Some(own)) = (
            wanted.get_mut(KINDS).and_then(Value::as_array_mut),
            definition.get(KINDS).and_then(Value::as_array),
        ) {
            // Of types that every group has, the kinds of groups that are not served are missing.
            kinds.retain(|kind| own.contains(kind));
        }
        assert_eq!(*definition, wanted, "{name}");
    }
    for part in ["swagger", "info", "security", "securityDefinitions"] {
        assert_eq!(made[part], real[part]);
    }
}

const KINDS: &str = "x-kubernetes-group-version-kind";

/// The layout of protobuf messages, the bodies that prove its decoder, and what JSON of the kinds looks like, from
/// Kubernetes' Go types.
#[test]
fn tables_of_types_are_those_of_kubernetes() {
    if !binaries::present() {
        return;
    }
    let programs = [
        (binaries::protobuf(), Some("table"), "src/controlplane/protobuf/messages.txt"),
        (binaries::protobuf(), Some("corpus"), "src/controlplane/protobuf/tests/corpus.jsonl"),
        (binaries::shapes(), None, "src/controlplane/kinds/shapes.txt"),
    ];
    let mut stale = Vec::new();
    for (program, argument, file) in programs {
        let output = Command::new(program).args(argument).output();
        let output = output.expect("run `make kube-binaries`: it builds this program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        if generate() {
            write(file, &output.stdout);
        } else if std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).ok() != Some(output.stdout)
        {
            stale.push(file);
        }
    }
    assert!(stale.is_empty(), "not what Kubernetes' types say: {stale:?}; run `make generate-kubernetes`");
}
