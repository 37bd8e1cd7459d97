//! Credentials that change under a connection, on a local TLS server.

mod server;

use std::fs;

use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::server::{Authority, Server};
use super::*;

struct Files {
    folder: tempfile::TempDir,
    server: Server,
}

impl Files {
    async fn new(authority: &Authority) -> Self {
        let (folder, server) = (tempfile::tempdir().unwrap(), Server::start(authority).await);
        let files = Self { folder, server };
        files.write("ca", &authority.pem());
        files.kubeconfig(&files.server.url, &json!({}));
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn kubeconfig(&self, url: &str, user: &Value) {
        let config = json!({
            "clusters": [{"name": "c", "cluster": {"server": url, "certificate-authority": "ca"}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        });
        self.write("kubeconfig", &config.to_string());
    }

    fn origin(&self, security: SecurityConfig) -> Origin {
        let kubeconfig = Some(self.path("kubeconfig"));
        Origin { kubeconfig, security, ..Origin::of(&Target::default()) }
    }

    fn with_token(&self) -> Origin {
        self.origin(SecurityConfig { token_path: Some(self.path("token")), ..SecurityConfig::default() })
    }
}

/// Who the server says we are.
async fn seen(upstream: &Upstream, field: &str) -> String {
    let answer: Value = upstream.get("/who").await.unwrap();
    answer[field].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_new_token_is_used_and_what_is_in_flight_ends_as_it_began() {
    let files = Files::new(&Authority::new("ca")).await;
    files.write("token", "one\n");
    let (upstream, mut rotation) = secure_transport(files.with_token()).await.unwrap();
    assert_eq!(seen(&upstream, "authorization").await, "Bearer one");

    let open = upstream.send(Request::get("/stream").body(Vec::new()).unwrap()).await.unwrap();
    assert_eq!(open.status(), StatusCode::OK);
    let mut open = open.into_body();
    let frame = open.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), "begin");

    assert_eq!(rotation.look().await.unwrap(), Look::Same);
    files.write("token", "two\n");
    assert_eq!(rotation.look().await.unwrap(), Look::Renewed);
    assert_eq!(seen(&upstream, "authorization").await, "Bearer two");
    assert_eq!(rotation.look().await.unwrap(), Look::Same);

    files.server.end_streams();
    let rest = open.collect().await.unwrap().to_bytes();
    assert_eq!(rest, "end");
}

#[tokio::test]
async fn half_of_a_rotation_changes_nothing() {
    let authority = Authority::new("ca");
    let files = Files::new(&authority).await;
    let put = |(certificate, key): (&str, &str)| {
        files.write("cert", certificate);
        files.write("key", key);
    };
    let (old, new) = (authority.client("old"), authority.client("new"));
    put((&old.0, &old.1));
    let security = SecurityConfig {
        cert_path: Some(files.path("cert")),
        key_path: Some(files.path("key")),
        ..SecurityConfig::default()
    };
    let (upstream, mut rotation) = secure_transport(files.origin(security)).await.unwrap();
    assert_eq!(seen(&upstream, "certificate").await, "CN=old");
    let mut changes = rotation.changes();

    put((&new.0, &old.1));
    let error = rotation.look().await.unwrap_err().to_string();
    assert!(error.contains("client"), "{error}");
    assert!(!error.contains("PRIVATE KEY"), "{error}");
    assert!(changes.has_changed().unwrap(), "whoever judges the files looks again");
    changes.mark_unchanged();
    assert_eq!(seen(&upstream, "certificate").await, "CN=old");

    put((&new.0, &new.1));
    assert_eq!(rotation.look().await.unwrap(), Look::Renewed);
    assert_eq!(seen(&upstream, "certificate").await, "CN=new");
}

#[tokio::test]
async fn a_new_authority_is_believed() {
    let authority = Authority::new("ca");
    let files = Files::new(&authority).await;
    files.write("ca", &Authority::new("other").pem());
    let (upstream, mut rotation) = secure_transport(files.origin(SecurityConfig::default())).await.unwrap();
    assert!(upstream.get::<Value>("/who").await.is_err(), "the server is not believed");
    files.write("ca", &authority.pem());
    assert_eq!(rotation.look().await.unwrap(), Look::Renewed);
    assert_eq!(seen(&upstream, "authorization").await, "");

    // A flag's file stands in the place of the kubeconfig's.
    files.write("ca", &Authority::new("other").pem());
    files.write("good", &authority.pem());
    let security = SecurityConfig { ca_path: Some(files.path("good")), ..SecurityConfig::default() };
    let (upstream, _) = secure_transport(files.origin(security)).await.unwrap();
    assert_eq!(seen(&upstream, "authorization").await, "");
}

#[tokio::test]
async fn a_kubeconfig_never_leads_elsewhere_under_way() {
    let authority = Authority::new("ca");
    let files = Files::new(&authority).await;
    files.kubeconfig(&files.server.url, &json!({"token": "inline"}));
    let (upstream, mut rotation) = secure_transport(files.origin(SecurityConfig::default())).await.unwrap();
    assert_eq!(seen(&upstream, "authorization").await, "Bearer inline");

    files.kubeconfig("https://127.0.0.1:1", &json!({"token": "inline"}));
    let error = rotation.look().await.unwrap_err();
    assert!(matches!(error, TransportError::Renew(RenewError::Elsewhere { .. })), "{error}");
    assert_eq!(seen(&upstream, "authorization").await, "Bearer inline");

    files.kubeconfig(&files.server.url, &json!({"tokenFile": "token"}));
    files.write("token", "of a file");
    assert_eq!(rotation.look().await.unwrap(), Look::Renewed);
    assert_eq!(seen(&upstream, "authorization").await, "Bearer of a file");
    files.write("token", "newer");
    assert_eq!(rotation.look().await.unwrap(), Look::Renewed, "files that were named later are followed");
    assert_eq!(seen(&upstream, "authorization").await, "Bearer newer");
}

#[tokio::test]
async fn a_doubt_is_looked_into_at_once() {
    let files = Files::new(&Authority::new("ca")).await;
    files.write("token", "one");
    let (upstream, rotation) = secure_transport(files.with_token()).await.unwrap();
    let (mut changes, doubts, shutdown) = (rotation.changes(), rotation.doubts(), CancellationToken::new());
    let mut tasks = JoinSet::new();
    tasks.spawn(rotation.run(shutdown.clone()));
    files.write("token", "two");
    doubts.notify_one();
    changes.changed().await.unwrap();
    files.write("token", "three");
    doubts.notify_one();
    changes.changed().await.unwrap();
    shutdown.cancel();
    tasks.join_all().await;
    assert_eq!(seen(&upstream, "authorization").await, "Bearer three");
}

#[tokio::test]
async fn what_cannot_be_used_is_named_at_the_start() {
    let files = Files::new(&Authority::new("ca")).await;
    let said = |security: SecurityConfig| async {
        secure_transport(files.origin(security))
            .await
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    let token =
        |name: &str| SecurityConfig { token_path: Some(files.path(name)), ..SecurityConfig::default() };
    files.write("empty", " \n");
    files.write("broken", "a\nb");
    assert!(said(token("absent")).await.contains("absent"));
    assert!(said(token("empty")).await.contains("no token"));
    let broken = said(token("broken")).await;
    assert!(broken.contains("line break") && !broken.contains("a\nb"), "{broken}");
    let skip =
        SecurityConfig { ca_path: Some(files.path("ca")), skip_verify: true, ..SecurityConfig::default() };
    assert!(said(skip).await.contains("--insecure-skip-tls-verify"));
}
