//! Pods of the cluster reach their workspace as their service account there; what is wrong is told to the owner as an
//! Event; and what the cluster decides about a field is copied up.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::env;
use crate::kubectl::Kubectl;
use crate::physical::{self, deployment};
use crate::synced::{Synced, config_map, get};
use crate::syncer::Sides;
use crate::wait::{seconds, until};

fn decoded(value: &Value) -> String {
    let bytes = STANDARD.decode(value.as_str().expect("a text")).expect("base64");
    String::from_utf8(bytes).expect("a text")
}

/// The CA of a cluster, as its admin trusts it.
fn ca(kubectl: &Kubectl) -> String {
    let path = "-ojsonpath={.clusters[0].cluster.certificate-authority-data}";
    decoded(&kubectl.run(&["config", "view", "--raw", path]).trim().into())
}

/// The first container of a Deployment's Pods.
fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

#[test]
fn pods_reach_their_workspace_and_owners_are_told_what_is_wrong() {
    let (Some(env), Some(physical)) = (env::shared(), physical::shared()) else { return };
    let server = env.cluster.url();
    let config = format!(
        "inClusterAccess: {{server: {server}}}\nkinds:\n- {{group: apps, resource: deployments, applyPolicy: {{upsyncFields: [/spec/replicas]}}}}\n"
    );
    let file = physical.cluster.folder.join("access.yaml");
    fs::write(&file, config).expect("write a configuration");
    let synced =
        Synced::start(Sides::new(env, &physical.cluster), &[&format!("--config={}", file.display())]);
    synced.run_above(&["wait", "--for=create", "serviceaccount/default", "--timeout=60s"]);

    // Without a token it is not written, and its owner sees why.
    synced.apply(&[deployment("", "web", 2), config_map("seed", "ours")]);
    let below = synced.namespace_below();
    let filter = "--field-selector=involvedObject.kind=Deployment,involvedObject.name=web,reason=NoToken";
    let event = until("an Event says why", seconds(60), || {
        let list = synced.above.try_run(&["get", "events", "-n", &synced.namespace, filter, "-ojson"])?;
        let list: Value = serde_json::from_str(&list).map_err(|error| error.to_string())?;
        match list["items"].as_array().map_or(&[][..], Vec::as_slice) {
            [one] => Ok(one.clone()),
            others => Err(format!("{others:?}\n{}", synced.syncer.log())),
        }
    });
    assert_eq!(
        (&event.0["type"], &event.0["source"]["host"]),
        (&json!("Warning"), &json!(synced.syncer.target))
    );
    let described = synced.run_above(&["describe", "deployment/web"]);
    assert!(described.contains("NoToken") && described.contains("service-account-token"), "{described}");
    assert!(get(&synced.below, &below, "deployment/web").is_err());

    let token = synced.run_above(&["create", "token", "default"]);
    let text = |value: &str| STANDARD.encode(value.trim());
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "default-token-1", "annotations": {"kubernetes.io/service-account.name": "default"}},
        "data": {"token": text(&token), "namespace": text(&synced.namespace)}});
    let root = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"},
        "data": {"ca.crt": ca(&synced.above)}});
    synced.apply(&[secret, root]);
    let found = synced.until_below(&below, "deployment/web", "it has access", |found| {
        found["status"]["availableReplicas"] == 2
            && container(found)["volumeMounts"][0]["name"] == "kcp-api-access"
    });

    // As a pod would: by what it has, and by nothing else.
    let env_of = |name: &str| {
        let all = container(&found)["env"].as_array().expect("there are variables");
        let one = all.iter().find(|one| one["name"] == name).expect("it is set");
        one["value"].as_str().expect("a text").to_owned()
    };
    let sources = &found["spec"]["template"]["spec"]["volumes"][0]["projected"]["sources"];
    let name = |source: usize, kind: &str| sources[source][kind]["name"].as_str().expect("a name").to_owned();
    let secret = get(&synced.below, &below, &format!("secret/{}", name(0, "secret"))).expect("it is below");
    let map =
        get(&synced.below, &below, &format!("configmap/{}", name(1, "configMap"))).expect("it is below");
    assert_eq!(secret["type"], "Opaque");
    let trusted = physical.cluster.folder.join("workspace-ca.crt");
    fs::write(&trusted, map["data"]["ca.crt"].as_str().expect("a CA")).expect("write a CA");
    let server = format!(
        "--server=https://{}:{}",
        env_of("KUBERNETES_SERVICE_HOST"),
        env_of("KUBERNETES_SERVICE_PORT")
    );
    let token = format!("--token={}", decoded(&secret["data"]["token"]));
    let empty = physical.cluster.folder.join("nobody.kubeconfig");
    fs::write(&empty, "").expect("write a kubeconfig");
    let pod = Kubectl::new(empty, &physical.cluster.folder);
    let trust = format!("--certificate-authority={}", trusted.display());
    let me = pod.run(&[&server, &token, &trust, "auth", "whoami", "-ojsonpath={.status.userInfo.username}"]);
    assert_eq!(me.trim(), format!("system:serviceaccount:{}:default", synced.namespace));
    assert_eq!(decoded(&secret["data"]["namespace"]), synced.namespace);

    // What the cluster decides about the replicas is copied up, and a change above holds as well.
    let replicas = |count: u64| move |found: &Value| found["spec"]["replicas"] == count;
    synced.below.run(&["scale", "deployment/web", "--replicas=5", "-n", &below]);
    synced.until_above("deployment/web", "the replicas are copied up", replicas(5));
    synced.run_above(&["scale", "deployment/web", "--replicas=1"]);
    synced.until_below(&below, "deployment/web", "the replicas follow", replicas(1));
    let done = |found: &Value| found["status"]["availableReplicas"] == 1 && found["spec"]["replicas"] == 1;
    synced.until_above("deployment/web", "it is done", done);
}
