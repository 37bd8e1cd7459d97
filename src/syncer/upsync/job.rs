//! The requests of one step, and what they came to. Talks to both sides and decides nothing.

use serde_json::Value;

use crate::syncer::{
    api::{Answer, Call},
    engine::{Apis, Failed},
    errors::{ErrorType, Side, classify},
    kind::Kind,
};

/// What is asked.
#[derive(Clone, Debug)]
pub enum Job {
    /// One write upstream.
    Write(Call),
    /// What is to be made upstream; if something of its name is there, that is read.
    Create { call: Call, look: Call },
    /// Whether an original is gone, and then the end of its copy.
    Prove { look: Call, kind: Kind, name: String, delete: Call },
}

/// What it came to.
#[derive(Clone, Debug)]
pub enum Done {
    Written(Answer),
    /// What is there upstream in the place of a copy.
    Met(Box<Value>),
    /// The original is there after all.
    Found(Box<Value>),
}

/// Makes the requests.
pub async fn perform(job: &Job, apis: &Apis) -> Result<Done, Failed> {
    let above = |error| Failed { side: Side::Upstream, error };
    match job {
        Job::Write(call) => apis.upstream.call(call).await.map(Done::Written).map_err(above),
        Job::Create { call, look } => match apis.upstream.call(call).await {
            Err(error) if classify(Side::Upstream, &error).0 == ErrorType::AlreadyExists => {
                let met = apis.upstream.call(look).await.map_err(above)?;
                Ok(Done::Met(Box::new(met.object)))
            }
            answer => answer.map(Done::Written).map_err(above),
        },
        Job::Prove { look, kind, name, delete } => match apis.downstream.call(look).await {
            Ok(answer) => Ok(Done::Found(Box::new(answer.object))),
            Err(error) if error.denies(kind, name) => {
                apis.upstream.call(delete).await.map(Done::Written).map_err(above)
            }
            Err(error) => Err(Failed { side: Side::Downstream, error }),
        },
    }
}
