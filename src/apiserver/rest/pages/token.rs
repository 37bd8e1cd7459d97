//! Continue tokens: where the next page begins, bound by a keyed digest to the request that got them.
//!
//! Another caller, namespace, scope or selector makes the token invalid, so that it opens nothing else.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::apiserver::{object::Key, status::ApiError};

const VERSION: &str = "meta.k8s.io/v1";

/// What a token is good for, beside its own content.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Binding<'a> {
    pub(crate) user: &'a str,
    /// The scope as text; two scopes never look alike.
    pub(crate) scope: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) label_selector: &'a str,
    pub(crate) field_selector: &'a str,
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// The version all pages show, or -1 for the current one.
    pub(crate) version: i64,
    /// The last key that was shown.
    pub(crate) last: Key,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: String,
    rv: i64,
    /// The last key and the byte after it: `namespace/name\0`, or `name\0`.
    start: String,
    /// Which process made it.
    by: String,
    mac: String,
}

/// Makes and checks the tokens of one process.
pub(crate) struct Signer {
    key: hmac::Key,
    by: String,
}

impl Signer {
    pub(crate) fn new() -> Self {
        let secret: [u8; 32] = rand::random();
        let by: [u8; 8] = rand::random();
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &secret), by: URL_SAFE_NO_PAD.encode(by) }
    }

    pub(crate) fn seal(&self, token: &Token, binding: &Binding<'_>) -> String {
        let start = match &*token.last.namespace {
            "" => format!("{}\0", token.last.name),
            namespace => format!("{namespace}/{}\0", token.last.name),
        };
        let mac = hmac::sign(&self.key, &signed(token.version, &start, binding));
        let wire = Wire {
            v: VERSION.into(),
            rv: token.version,
            start,
            by: self.by.clone(),
            mac: URL_SAFE_NO_PAD.encode(mac),
        };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wire).expect("strings always serialize"))
    }

    /// 400 for what we did not make, or not for this request; 410 for what another process made.
    pub(crate) fn open(&self, text: &str, binding: &Binding<'_>) -> Result<Token, ApiError> {
        let invalid = |why: &str| ApiError::bad_request(format!("continue key is not valid: {why}"));
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid("not base64url"))?;
        let wire: Wire = serde_json::from_slice(&bytes).map_err(|_| invalid("not a token"))?;
        if wire.v != VERSION {
            return Err(invalid(&format!("unrecognized version {:?}", wire.v)));
        }
        if wire.by != self.by {
            return Err(ApiError::expired(FOREIGN));
        }
        let mac = URL_SAFE_NO_PAD.decode(&wire.mac).map_err(|_| invalid("not a token"))?;
        hmac::verify(&self.key, &signed(wire.rv, &wire.start, binding), &mac)
            .map_err(|_| invalid("it was given out for another request"))?;
        let start = wire.start.strip_suffix('\0').ok_or_else(|| invalid("no start"))?;
        let (namespace, name) = start.split_once('/').unwrap_or(("", start));
        Ok(Token { version: wire.rv, last: Key { namespace: namespace.into(), name: name.into() } })
    }
}

/// The bytes under the digest: JSON keeps the parts apart.
fn signed(version: i64, start: &str, binding: &Binding<'_>) -> Vec<u8> {
    serde_json::to_vec(&(version, start, binding)).expect("strings always serialize")
}

const FOREIGN: &str = "The provided continue parameter is too old to display a consistent list result. You must \
    start a new list without the continue parameter.";
