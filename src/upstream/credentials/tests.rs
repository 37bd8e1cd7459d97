//! Exec plugins that fail in each way, each with a token beside the failure.

use std::path::PathBuf;

use crate::upstream::{Target, Upstream};

/// What is said of a kubeconfig whose plugin is this shell script.
async fn complaint(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("kubeconfig");
    let plugin = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script],
        "env": [{"name": "SECRET", "value": "CANARY-env"}], "interactiveMode": "Never",
    });
    let kubeconfig = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "a", "user": {"exec": plugin}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    });
    std::fs::write(&file, kubeconfig.to_string()).unwrap();
    let connected = Upstream::connect(&Target { kubeconfig: Some(&file), ..Target::default() }).await;
    let error = match connected {
        Err(error) => format!("{error:#} {error:?}"),
        // A plugin that ran once may fail the next time.
        Ok(upstream) => {
            let error = upstream.get::<serde_json::Value>("/version").await.unwrap_err();
            let error = anyhow::Error::from(error);
            format!("{error:#} {error:?}")
        }
    };
    assert!(!error.contains("CANARY"), "{script}: {error}");
    error
}

#[tokio::test]
async fn a_plugin_that_fails_is_told_by_its_exit_status() {
    let said = complaint("echo CANARY; echo CANARY >&2; exit 7").await;
    assert!(said.contains("exec plugin failed with exit status: 7"), "{said}");
}

#[tokio::test]
async fn what_a_plugin_printed_is_not_shown() {
    for output in [
        "CANARY",
        "{CANARY: [",
        r#"{"status": "CANARY"}"#,
        r#"{"status": {"token": ["CANARY"]}}"#,
        r#"{"kind": "ExecCredential", "status": {"token": "a", "expirationTimestamp": "CANARY"}}"#,
        r#"{"kind": "ExecCredential", "status": {"clientCertificateData": "CANARY", "clientKeyData": "CANARY"}}"#,
    ] {
        complaint(&format!("cat <<'END'\n{output}\nEND")).await;
    }
}

/// Good at first, so that the client is made; its token is about to expire and the second run fails.
#[tokio::test]
async fn a_plugin_that_fails_later_is_told_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("ran");
    let script = format!(
        r#"if [ -e {mark} ]; then echo CANARY; exit 7; fi; touch {mark}
        echo '{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
          "status": {{"token": "CANARY", "expirationTimestamp": "2020-01-01T00:00:00Z"}}}}'"#,
        mark = mark.display()
    );
    let said = complaint(&script).await;
    assert!(said.contains("exec plugin failed with exit status: 7"), "{said}");
}
