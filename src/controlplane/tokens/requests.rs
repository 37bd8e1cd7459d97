//! `serviceaccounts/token`: a TokenRequest is answered with a token and not kept. All else of a ServiceAccount is
//! passed on.

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::accounts::{AccountTokens, ISSUER};
use crate::{
    apiserver::{
        field::FieldError,
        log::ResourceLog,
        registry::body::{self, Protobuf},
        request::{ResourceRequest, Verb},
        resource::ResourceInfo,
        scope::Scope,
        status::{ApiError, Details},
        storage::{Answer, Storage, Writer, Written},
    },
    controlplane::store::Stored,
};

const GROUP: &str = "authentication.k8s.io";
const VERSION: &str = "authentication.k8s.io/v1";
const KIND: &str = "TokenRequest";
/// In seconds, as kube-apiserver has them.
const USUAL: i64 = 3600;
const SHORTEST: i64 = 600;
const LONGEST: i64 = 1 << 32;

/// The ServiceAccounts of the store, with their tokens.
pub struct Accounts {
    stored: Stored,
    tokens: Arc<AccountTokens>,
    protobuf: Option<Protobuf>,
}

impl Accounts {
    pub fn new(stored: Stored, tokens: Arc<AccountTokens>, protobuf: Option<Protobuf>) -> Self {
        Self { stored, tokens, protobuf }
    }

    fn inner(&self) -> Result<&dyn Writer, ApiError> {
        self.stored.writer().ok_or_else(ApiError::internal)
    }

    fn token(&self, request: &ResourceRequest) -> Result<Value, ApiError> {
        let Scope::Id(cluster) = request.scope() else { return Err(ApiError::unknown_path()) };
        let (namespace, name) = (request.namespace(), request.name());
        let asked = body::decode(&request.headers, &request.body, self.protobuf, (VERSION, KIND))?.value;
        let account = self.tokens.find(cluster, namespace, name).ok_or_else(|| not_found(name))?;
        check_name(&asked, name)?;
        let spec = &asked["spec"];
        let seconds = spec["expirationSeconds"].as_i64().unwrap_or(USUAL);
        let faults = faults(spec, seconds);
        if !faults.is_empty() {
            return Err(ApiError::invalid(GROUP, KIND, "", &faults));
        }
        let audiences: Vec<String> = match spec["audiences"].as_array() {
            Some(wanted) if !wanted.is_empty() => {
                wanted.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => vec![ISSUER.to_owned()],
        };
        let now = Timestamp::now();
        let expires = now + SignedDuration::from_secs(seconds);
        let time = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Ok(json!({
            "apiVersion": VERSION, "kind": KIND,
            "metadata": {"name": name, "namespace": namespace, "creationTimestamp": time(now)},
            "spec": {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": null},
            "status": {
                "token": self.tokens.issue(&account, &audiences, now, expires),
                "expirationTimestamp": time(expires),
            },
        }))
    }
}

fn not_found(name: &str) -> ApiError {
    let message = format!("serviceaccounts \"{name}\" not found");
    let mut error = ApiError::new(StatusCode::NOT_FOUND, "NotFound", message);
    let (name, kind) = (name.to_owned(), "serviceaccounts".to_owned());
    error.details = Some(Box::new(Details { name, kind, ..Details::default() }));
    error
}

fn check_name(asked: &Value, name: &str) -> Result<(), ApiError> {
    match asked["metadata"]["name"].as_str() {
        Some(given) if !given.is_empty() && given != name => {
            let why = "must match the service account name if specified";
            let fault = FieldError::invalid("metadata.name", given, why);
            Err(ApiError::invalid(GROUP, KIND, name, &[fault]))
        }
        _ => Ok(()),
    }
}

fn faults(spec: &Value, seconds: i64) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let mut fault = |why: &str| {
        faults.push(FieldError::invalid("spec.expirationSeconds", seconds, why));
    };
    if seconds < SHORTEST {
        fault("may not specify a duration less than 10 minutes");
    }
    if seconds > LONGEST {
        fault("may not specify a duration larger than 2^32 seconds");
    }
    if !spec["boundObjectRef"].is_null() {
        let why = "no objects are served here that a token could be bound to";
        faults.push(FieldError::forbidden("spec.boundObjectRef", why));
    }
    faults
}

impl Storage for Accounts {
    fn info(&self) -> &Arc<ResourceInfo> {
        self.stored.info()
    }

    fn selectable_fields(&self) -> &[String] {
        self.stored.selectable_fields()
    }

    fn log(&self, scope: &Scope) -> Result<Arc<ResourceLog>, ApiError> {
        self.stored.log(scope)
    }

    fn writer(&self) -> Option<&dyn Writer> {
        Some(self)
    }
}

#[async_trait]
impl Writer for Accounts {
    async fn write(&self, request: &ResourceRequest) -> Result<Written, ApiError> {
        if request.subresource() != "token" {
            return self.inner()?.write(request).await;
        }
        if request.verb != Verb::Create {
            return Err(ApiError::method_not_allowed("POST"));
        }
        let answer = Answer::Json(self.token(request)?);
        Ok(Written { code: StatusCode::CREATED, answer, warnings: Vec::new() })
    }

    async fn read(&self, request: &ResourceRequest) -> Result<Written, ApiError> {
        match request.subresource() {
            "token" => Err(ApiError::method_not_allowed("POST")),
            _ => self.inner()?.read(request).await,
        }
    }
}
