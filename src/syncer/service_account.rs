//! Secrets with tokens of service accounts, and which of them is the token of an account.
//!
//! Pure. It must not know what a token is needed for.

use serde_json::Value;

use super::json::{entry, meta};

/// The type of such a Secret.
pub const TOKEN: &str = "kubernetes.io/service-account-token";
/// Annotation of such a Secret: whose it is.
pub const ACCOUNT: &str = "kubernetes.io/service-account.name";

/// Whether the Secret holds a token of the account that can be used.
pub fn is_token_of(secret: &Value, account: &str) -> bool {
    let token = secret.pointer("/data/token").and_then(Value::as_str);
    secret.get("type").and_then(Value::as_str) == Some(TOKEN)
        && entry(secret, "annotations", ACCOUNT) == Some(account)
        && token.is_some_and(|token| !token.is_empty())
        && meta(secret, "deletionTimestamp").is_empty()
}

/// The name of the account's token. Of several the oldest, so that a new one changes no workload.
pub fn token_of(secrets: impl IntoIterator<Item = Value>, account: &str) -> Option<String> {
    let age = |secret: &Value| [meta(secret, "creationTimestamp"), meta(secret, "name")].map(str::to_owned);
    let tokens = secrets.into_iter().filter(|secret| is_token_of(secret, account));
    tokens.map(|secret| age(&secret)).min().map(|[_, name]| name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(name: &str, account: &str, created: &str, token: &str) -> Value {
        json!({"metadata": {"name": name, "creationTimestamp": created, "annotations": {ACCOUNT: account}},
            "type": TOKEN, "data": {"token": token}})
    }

    #[test]
    fn the_oldest_token_that_can_be_used_is_the_one() {
        let mut leaving = secret("leaving", "web", "2026-01-01T00:00:00Z", "dA==");
        leaving["metadata"]["deletionTimestamp"] = "2026-01-02T00:00:00Z".into();
        let mut other_type = secret("opaque", "web", "2026-01-01T00:00:00Z", "dA==");
        other_type["type"] = "Opaque".into();
        let all = [
            leaving,
            other_type,
            secret("empty", "web", "2026-01-01T00:00:00Z", ""),
            secret("others", "default", "2026-01-01T00:00:00Z", "dA=="),
            secret("b", "web", "2026-02-01T00:00:00Z", "dA=="),
            secret("a", "web", "2026-02-01T00:00:00Z", "dA=="),
            secret("newer", "web", "2026-03-01T00:00:00Z", "dA=="),
            json!({}),
        ];
        assert_eq!(token_of(all.clone(), "web").as_deref(), Some("a"));
        assert_eq!(token_of(all.clone(), "default").as_deref(), Some("others"));
        assert_eq!(token_of(all, "nobody"), None);
    }
}
