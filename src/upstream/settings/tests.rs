//! What a connection is made of is read without connecting, and shown without its secrets.

use std::fs;

use serde_json::{Value, json};

use super::*;

async fn read(folder: &Path, user: Value, overrides: &Overrides) -> anyhow::Result<Settings> {
    let config = json!({
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    });
    let path = folder.join("kubeconfig");
    fs::write(&path, config.to_string())?;
    let flags = Flags { kubeconfig: "--downstream-kubeconfig", context: "--downstream-context" };
    Settings::read(&Target { kubeconfig: Some(&path), context: None, flags }, overrides).await
}

#[tokio::test]
async fn flags_stand_in_the_place_of_the_kubeconfig() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("token"), "of the flag").unwrap();
    let user = json!({"token": "inline", "client-certificate-data": "YQ==", "client-key-data": "Yg=="});
    let plain = read(folder.path(), user.clone(), &Overrides::default()).await.unwrap();
    assert_eq!(plain.files, [(Role::Kubeconfig, at("kubeconfig"))]);
    assert_eq!(plain.token().unwrap().bytes.unwrap(), b"inline");
    assert_eq!(plain.certificate().unwrap().bytes.unwrap(), b"a");
    assert!(plain.source.starts_with("--downstream-kubeconfig "));

    let overrides = Overrides {
        token: Some(at("token")),
        certificate: Some((at("cert"), at("key"))),
        server_name: Some("api".to_owned()),
        skip_verification: true,
        ..Overrides::default()
    };
    let put = read(folder.path(), user, &overrides).await.unwrap();
    assert_eq!(put.token().unwrap().bytes.unwrap(), b"of the flag");
    assert_eq!(put.certificate().unwrap().path, Some(at("cert")));
    assert!(put.key().unwrap().bytes.is_err(), "it does not exist");
    assert!(put.skips_verification());
    let roles: Vec<_> = put.files.iter().map(|(role, _)| *role).collect();
    assert_eq!(roles, [Role::Kubeconfig, Role::Token, Role::Certificate, Role::Key]);
}

#[tokio::test]
async fn an_authority_that_cannot_be_used_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca");
    fs::write(&file, "nonsense").unwrap();
    let overrides = Overrides { authorities: Some(file), ..Overrides::default() };
    let error = read(folder.path(), json!({}), &overrides).await.unwrap_err();
    assert!(is_about_authorities(&error), "{error:#}");
    let error = read(folder.path(), json!({"token": "a\nb"}), &Overrides::default()).await.unwrap_err();
    assert!(!is_about_authorities(&error));
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let user = json!({"token": "CANARY", "exec": {"command": "x"}});
    let settings = read(folder.path(), user, &Overrides::default()).await.unwrap();
    assert!(settings.asks_a_program());
    assert!(!format!("{settings:?}").contains("CANARY"));
}
