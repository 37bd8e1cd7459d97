//! A real Helm installs, upgrades, lists and removes a small chart on `tmc dev`.

use std::path::Path;
use std::process::Command;

use crate::binaries;
use crate::demo::Demo;
use crate::process::run;
use crate::wait::seconds;

const TEMPLATE: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-settings}
data: {greeting: {{ .Values.greeting | quote }}}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: main, image: example.com/main:1}]}
"#;

fn chart(folder: &Path) {
    std::fs::create_dir_all(folder.join("templates")).expect("a folder");
    for (file, text) in [
        ("Chart.yaml", "apiVersion: v2\nname: hello\nversion: 1.0.0\n"),
        ("values.yaml", "greeting: hello\nreplicas: 1\n"),
        ("templates/all.yaml", TEMPLATE),
    ] {
        std::fs::write(folder.join(file), text).expect("write the chart");
    }
}

#[test]
fn helm_installs_upgrades_and_removes_a_chart() {
    if !binaries::present() {
        return;
    }
    let required = std::env::var_os("TMC_REQUIRE_KUBE").is_some_and(|value| value == "1");
    assert!(binaries::helm().exists() || !required, "no Helm; run `make kube-binaries`");
    if !binaries::helm().exists() {
        return;
    }
    let demo = Demo::start(&["--no-demo", "--clusters=0", "--workspaces=root:apps"]);
    let folder = demo.folder.path().join("hello");
    chart(&folder);
    let chart = folder.to_str().expect("temp paths are UTF-8");
    let apps = demo.within("root:apps");
    let server = format!("--kube-apiserver={}/clusters/root:apps", demo.url());
    let helm = |arguments: &[&str]| {
        let mut command = Command::new(binaries::helm());
        command.args(arguments).arg(&server).arg("--kubeconfig").arg(demo.kubeconfig());
        command.env("HOME", demo.folder.path()).env_remove("KUBECONFIG");
        let output = run("helm", &command, seconds(60));
        assert!(output.status.success(), "helm {arguments:?}: {}{}", output.stdout, output.stderr);
        output.stdout
    };
    let greeting = ["get", "configmap", "one-settings", "-o", "jsonpath={.data.greeting}"];
    let replicas = ["get", "deployment", "one", "-o", "jsonpath={.spec.replicas}"];

    assert!(helm(&["install", "one", chart]).contains("STATUS: deployed"));
    assert_eq!((apps.run(&greeting), apps.run(&replicas)), ("hello".into(), "1".into()));
    assert!(!apps.run(&["get", "service", "one", "-o", "jsonpath={.spec.clusterIP}"]).is_empty());
    assert!(helm(&["list", "-q"]).contains("one"));
    helm(&["upgrade", "one", chart, "--set", "greeting=again,replicas=3"]);
    assert_eq!((apps.run(&greeting), apps.run(&replicas)), ("again".into(), "3".into()));
    helm(&["rollback", "one", "1"]);
    assert_eq!((apps.run(&greeting), apps.run(&replicas)), ("hello".into(), "1".into()));
    assert_eq!(helm(&["history", "one", "-o", "json"]).matches("\"revision\"").count(), 3);
    helm(&["uninstall", "one"]);
    assert!(!helm(&["list", "-q"]).contains("one"));
    for kind in ["configmap/one-settings", "service/one", "deployment/one"] {
        apps.fail(&["get", kind]);
    }
    assert_eq!(apps.run(&["get", "secrets", "-l", "owner=helm", "-oname"]), "", "its own records are gone");
    assert!(
        demo.kubectl().run(&["get", "configmaps", "-oname"]).is_empty(),
        "the workspace above has none of it"
    );
}
