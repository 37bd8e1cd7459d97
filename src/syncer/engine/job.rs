//! The requests of one step, and what they came to. Talks to both sides and decides nothing.

use serde_json::Value;

use crate::syncer::{
    api::{Answer, Api, ApiError, Call},
    decide::namespace::Content,
    errors::{ErrorType, Side, classify},
    json::meta,
    kind::Kind,
};

/// Both sides.
#[derive(Clone)]
pub struct Apis {
    pub upstream: std::sync::Arc<dyn Api>,
    pub downstream: std::sync::Arc<dyn Api>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Job {
    /// One write upstream.
    Above(Call),
    /// One write below; if it meets another object than was expected, that is read.
    Below { call: Call, look: Call },
    /// What is there below.
    Look { look: Call, kind: Kind, name: String },
    /// Whether the object upstream with this uid is gone, on the server that has our SyncTarget.
    Prove { object: Call, kind: Kind, name: String, uid: String, target: Call, target_uid: String },
    /// What a namespace below holds.
    Content { namespace: String, kinds: Vec<Kind> },
    /// Who else holds fields of an object: nothing is stored.
    Explain(Call),
}

/// What it came to.
#[derive(Clone, Debug)]
pub enum Done {
    Answered(Answer),
    /// The object that is there below; none if the server itself denies it.
    Found(Option<Box<Value>>),
    /// The object upstream is gone for good.
    Proven(String),
    /// It is there after all.
    Alive(Box<Value>),
    Holds(Content),
    /// Fields and who holds them, as a refused apply names them.
    Explained(Vec<(String, String)>),
}

/// What went wrong, and where.
#[derive(Clone, Debug)]
pub struct Failed {
    pub side: Side,
    pub error: ApiError,
}

/// Makes the requests.
pub async fn perform(job: &Job, apis: &Apis) -> Result<Done, Failed> {
    let above = |error| Failed { side: Side::Upstream, error };
    let below = |error| Failed { side: Side::Downstream, error };
    match job {
        Job::Above(call) => apis.upstream.call(call).await.map(Done::Answered).map_err(above),
        Job::Below { call, look } => match apis.downstream.call(call).await {
            Ok(answer) => Ok(Done::Answered(answer)),
            Err(error) if is_another(&error) => read(apis, look).await.map_err(below),
            Err(error) => Err(below(error)),
        },
        Job::Look { look, kind, name } => match apis.downstream.call(look).await {
            Err(error) if error.denies(kind, name) => Ok(Done::Found(None)),
            answer => answer.map(|answer| Done::Found(Some(Box::new(answer.object)))).map_err(below),
        },
        Job::Prove { object, kind, name, uid, target, target_uid } => {
            match apis.upstream.call(object).await {
                Ok(answer) if meta(&answer.object, "uid") == uid => {
                    return Ok(Done::Alive(Box::new(answer.object)));
                }
                Ok(_) => {}
                Err(error) if error.denies(kind, name) => {}
                Err(error) => return Err(above(error)),
            }
            // A server that has not our SyncTarget says nothing of our objects.
            let answer = apis.upstream.call(target).await.map_err(above)?;
            match meta(&answer.object, "uid") == target_uid {
                true => Ok(Done::Proven(uid.clone())),
                false => Err(above(ApiError::status(409, "Conflict", "the SyncTarget has another uid"))),
            }
        }
        Job::Content { namespace, kinds } => Ok(Done::Holds(content(apis, namespace, kinds).await)),
        Job::Explain(call) => match apis.downstream.call(call).await {
            Ok(_) => Ok(Done::Explained(Vec::new())),
            Err(error) => match held(&error) {
                held if held.is_empty() => Err(below(error)),
                held => Ok(Done::Explained(held)),
            },
        },
    }
}

/// The write met another object than it was for.
fn is_another(error: &ApiError) -> bool {
    matches!(classify(Side::Downstream, error).0, ErrorType::AlreadyExists | ErrorType::Conflict)
}

/// What is there; a 404 of any sort is an error here, to be looked into by itself.
async fn read(apis: &Apis, look: &Call) -> Result<Done, ApiError> {
    match apis.downstream.call(look).await {
        Ok(answer) => Ok(Done::Found(Some(Box::new(answer.object)))),
        Err(ApiError::Status { code: 404, .. }) => {
            Err(ApiError::status(409, "Conflict", "the object came and went"))
        }
        Err(error) => Err(error),
    }
}

/// The fields of a conflict, and the managers that hold them.
pub fn held(error: &ApiError) -> Vec<(String, String)> {
    let ApiError::Status { details, .. } = error else { return Vec::new() };
    let causes = details.causes.iter().filter(|cause| cause.reason == "FieldManagerConflict");
    // `conflict with "kubectl-edit" using apps/v1`
    let manager = |message: &str| message.split('"').nth(1).unwrap_or("another manager").to_owned();
    causes.map(|cause| (cause.field.clone(), manager(&cause.message))).collect()
}

/// More of a kind than a cluster makes by itself.
const FEW: usize = 3;

async fn content(apis: &Apis, namespace: &str, kinds: &[Kind]) -> Content {
    for kind in kinds {
        let answer = match apis.downstream.call(&Call::list(kind, namespace, FEW)).await {
            Ok(answer) => answer,
            Err(error) => return Content::Unknown(format!("{}: {}", kind.id(), error.brief())),
        };
        let Some(items) = answer.object["items"].as_array() else {
            return Content::Unknown(format!("{}: the answer is no list", kind.id()));
        };
        let is_own = |item: &Value| kind.is_own(namespace, meta(item, "name"));
        let more = answer.object["metadata"]["continue"].as_str().is_some_and(|next| !next.is_empty());
        if more || items.iter().any(|item| !is_own(item)) {
            return Content::Holds(kind.id());
        }
    }
    Content::Empty
}
