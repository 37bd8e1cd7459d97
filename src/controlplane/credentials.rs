//! The certificates and the token of one run, and the kubeconfig that carries them.

use std::{collections::BTreeMap, fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::tokens::{self, Tokens};
use crate::{
    apiserver::identity::User,
    upstream::{Login, LoginUser},
};

/// The group that may do everything.
const MASTERS: &str = "system:masters";
const ADMIN: &str = "kubernetes-admin";
/// The user of a kubeconfig that holds the token, for clients that have no use for a certificate.
const TOKEN_USER: &str = "token";
/// The extension that marks our kubeconfigs; kubectl keeps it when it changes one.
const OURS: &str = "tmc-dev";

/// Everything secret of one run. Held in memory, and in the kubeconfig that the user asked for.
pub struct Credentials {
    pub ca_pem: String,
    pub serving_chain: Vec<CertificateDer<'static>>,
    pub serving_key: PrivateKeyDer<'static>,
    client_pem: String,
    client_key_pem: String,
    /// The administrator's, too.
    token: String,
    /// Of users who have no certificate, by name.
    others: BTreeMap<String, String>,
}

impl Credentials {
    /// For a server that is reached under these names and addresses.
    pub fn issue(names: &[String]) -> Result<Self, rcgen::Error> {
        let ca_key = KeyPair::generate()?;
        let mut ca = params("tmc");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_pem = ca.self_signed(&ca_key)?.pem();
        let issuer = Issuer::new(ca, ca_key);

        let serving_key = KeyPair::generate()?;
        let mut serving = CertificateParams::new(names.to_vec())?;
        serving.distinguished_name = name("tmc");
        serving.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let serving = serving.signed_by(&serving_key, &issuer)?;

        let client_key = KeyPair::generate()?;
        let mut client = params(ADMIN);
        client.distinguished_name.push(DnType::OrganizationName, MASTERS);
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client = client.signed_by(&client_key, &issuer)?;
        Ok(Self {
            ca_pem,
            serving_chain: vec![serving.der().clone()],
            serving_key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(serving_key.serialize_der())),
            client_pem: client.pem(),
            client_key_pem: client_key.serialize_pem(),
            token: tokens::random(),
            others: BTreeMap::new(),
        })
    }

    /// Gives a user a token, who may do what RBAC says.
    pub fn admit(&mut self, user: &str) {
        self.others.insert(user.to_owned(), tokens::random());
    }

    /// What a server of this run accepts as tokens.
    pub fn tokens(&self) -> Tokens {
        let mut tokens = Tokens::default();
        let groups = vec![MASTERS.to_owned()];
        tokens.add(&self.token, User { name: ADMIN.to_owned(), groups, ..User::default() });
        for (name, token) in &self.others {
            tokens.add(token, User { name: name.clone(), ..User::default() });
        }
        tokens
    }

    /// How this process itself logs in at a URL of the server.
    pub fn login<'a>(&'a self, url: &'a str) -> Login<'a> {
        let user = LoginUser::Certificate { certificate: &self.client_pem, key: &self.client_key_pem };
        Login { url, ca: &self.ca_pem, user }
    }

    /// How a user who was admitted logs in there.
    pub fn login_as<'a>(&'a self, user: &str, url: &'a str) -> Option<Login<'a>> {
        let user = LoginUser::Token(self.others.get(user)?);
        Some(Login { url, ca: &self.ca_pem, user })
    }

    /// A kubeconfig with one context per name and server URL; the first is the current one.
    pub fn kubeconfig(&self, contexts: &[(String, String)]) -> String {
        let base64 = |text: &str| BASE64_STANDARD.encode(text);
        let clusters: Vec<_> = contexts
            .iter()
            .map(|(name, server)| {
                json!({"name": name, "cluster": {"server": server, "certificate-authority-data": base64(&self.ca_pem)}})
            })
            .collect();
        let named: Vec<_> = contexts
            .iter()
            .map(|(name, _)| json!({"name": name, "context": {"cluster": name, "user": ADMIN, "namespace": "default"}}))
            .collect();
        let user = json!({
            "client-certificate-data": base64(&self.client_pem),
            "client-key-data": base64(&self.client_key_pem),
        });
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": clusters,
            "contexts": named,
            "current-context": contexts.first().map(|(name, _)| name),
            "extensions": [{"name": OURS, "extension": {}}],
            "users": [{"name": ADMIN, "user": user}, {"name": TOKEN_USER, "user": {"token": self.token}}],
        });
        serde_saphyr::to_string(&config).expect("JSON is YAML")
    }
}

/// Whether a kubeconfig was made by [`Credentials::kubeconfig`], by this process or another.
pub fn are_ours(kubeconfig: &str) -> bool {
    let config: Value = serde_saphyr::from_str(kubeconfig).unwrap_or_default();
    let mut extensions = config["extensions"].as_array().into_iter().flatten();
    extensions.any(|extension| extension["name"] == OURS)
}

/// Writes a file that only its owner may read, whole or not at all.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = Path::new(&beside);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(beside)?;
    file.write_all(text.as_bytes()).and_then(|()| fs::rename(beside, path)).inspect_err(|_| {
        let _ = fs::remove_file(beside);
    })
}

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(common_name);
    params
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::Value;

    use super::{Credentials, write_private};
    use crate::controlplane::reviews::Tokens as _;

    #[test]
    fn the_kubeconfig_has_the_certificate_and_the_token_of_the_administrator() {
        let credentials = Credentials::issue(&["localhost".to_owned()]).unwrap();
        let text = credentials.kubeconfig(&[("root".to_owned(), "https://localhost:1".to_owned())]);
        let config: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(config["current-context"], "root");
        assert!(config["users"][0]["user"]["client-certificate-data"].is_string());
        let token = config["users"][1]["user"]["token"].as_str().unwrap();
        let user = credentials.tokens().user(token).unwrap();
        assert!(user.groups.contains(&"system:masters".to_owned()));
        assert!(credentials.tokens().user(&token[1..]).is_none());
    }

    #[test]
    fn a_private_file_is_its_owners_alone_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, "old").unwrap();
        write_private(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write_private(&folder.path().join("none/config"), "x").is_err());
    }
}
