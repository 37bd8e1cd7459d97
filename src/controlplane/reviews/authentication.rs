//! TokenReview and SelfSubjectReview.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Asked, Review, Services, nullable};
use crate::apiserver::{identity::User, status::ApiError};

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenSpec {
    #[serde(deserialize_with = "nullable")]
    token: String,
    #[serde(deserialize_with = "nullable")]
    audiences: Vec<String>,
}

#[derive(Serialize)]
struct UserInfo<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    username: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    uid: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    groups: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra: &'a BTreeMap<String, Vec<String>>,
}

impl Review {
    pub(super) fn of_token(self, body: &Value, services: &Services) -> Result<Value, ApiError> {
        let TokenSpec { token, audiences: wanted } = self.spec(body)?;
        if token.is_empty() {
            return Err(ApiError::bad_request("token is required for TokenReview in authentication"));
        }
        let ours = services.audiences.iter();
        let audiences: Vec<&String> =
            ours.filter(|ours| wanted.is_empty() || wanted.contains(ours)).collect();
        let meant = !audiences.is_empty() || (wanted.is_empty() && services.audiences.is_empty());
        let user = services.tokens.user(&token).filter(|_| meant);
        Ok(self.answered(body, token_status(user.as_ref(), &audiences)))
    }

    pub(super) fn of_caller(self, asked: Asked<'_>) -> Value {
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        json!({
            "apiVersion": format!("{}/v1", self.group()),
            "kind": self.kind(),
            "metadata": {"creationTimestamp": now},
            "status": {"userInfo": user_info(asked.user)},
        })
    }
}

fn token_status(user: Option<&User>, audiences: &[&String]) -> Value {
    let Some(user) = user else { return json!({"user": {}, "error": "invalid bearer token"}) };
    let mut status = json!({"authenticated": true, "user": user_info(user)});
    if !audiences.is_empty() {
        status["audiences"] = json!(audiences);
    }
    status
}

fn user_info(user: &User) -> UserInfo<'_> {
    UserInfo { username: &user.name, uid: &user.uid, groups: &user.groups, extra: &user.extra }
}
