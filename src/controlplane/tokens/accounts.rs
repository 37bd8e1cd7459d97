//! Tokens of ServiceAccounts: JWTs that this control plane signs for itself. They are good until they expire, or until
//! their ServiceAccount is gone. Nothing is kept of a token that was issued.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    apiserver::{identity::User, object::Key},
    controlplane::{
        rbac::service_account,
        store::{self, ClusterId, GroupResource, Store},
    },
};

/// For whom the tokens are meant, and who issues them.
pub const ISSUER: &str = "https://kubernetes.default.svc";
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

pub fn resource() -> GroupResource {
    GroupResource::new("", "serviceaccounts")
}

/// One ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub cluster: ClusterId,
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

/// Issues tokens, and tells whose one is.
pub struct AccountTokens {
    key: hmac::Key,
    store: Arc<Store>,
}

impl AccountTokens {
    /// With a key of this run.
    pub fn new(store: Arc<Store>) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>()), store }
    }

    /// The ServiceAccount of a name, if there is one.
    pub fn find(&self, cluster: &ClusterId, namespace: &str, name: &str) -> Option<Account> {
        let key = Key { namespace: namespace.into(), name: name.into() };
        let object = store::value(&*self.store.get(cluster, &resource(), &key)?);
        let uid = object["metadata"]["uid"].as_str()?.to_owned();
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        Some(Account { cluster: cluster.clone(), namespace, name, uid })
    }

    pub fn issue(
        &self,
        account: &Account,
        audiences: &[String],
        now: Timestamp,
        expires: Timestamp,
    ) -> String {
        let claims = json!({
            "aud": audiences, "iss": ISSUER,
            "iat": now.as_second(), "nbf": now.as_second(), "exp": expires.as_second(),
            "jti": uuid::Uuid::new_v4().to_string(),
            "sub": format!("system:serviceaccount:{}:{}", account.namespace, account.name),
            "kubernetes.io": {
                "clusterName": &*account.cluster, "namespace": account.namespace,
                "serviceaccount": {"name": account.name, "uid": account.uid},
            },
        });
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", encode(HEADER), encode(&claims.to_string()));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// Whose a token is now. One for somebody else's audience is nobody's here.
    pub fn user(&self, token: &str, now: Timestamp) -> Option<User> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.key, signed.as_bytes(), &signature).ok()?;
        let (_, claims) = signed.split_once('.')?;
        let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        let text = |pointer: &str| claims.pointer(pointer).and_then(Value::as_str);
        let meant = claims["aud"].as_array()?.iter().any(|audience| audience == ISSUER);
        let expires = Timestamp::from_second(claims["exp"].as_i64()?).ok()?;
        if !meant || now.duration_since(expires) >= SignedDuration::ZERO {
            return None;
        }
        let cluster: ClusterId = text("/kubernetes.io/clusterName")?.into();
        let (namespace, name) =
            (text("/kubernetes.io/namespace")?, text("/kubernetes.io/serviceaccount/name")?);
        // Another one of the same name is somebody else.
        let account = self.find(&cluster, namespace, name)?;
        let same = Some(account.uid.as_str()) == text("/kubernetes.io/serviceaccount/uid");
        same.then(|| service_account(&cluster, namespace, name, &account.uid))
    }
}
