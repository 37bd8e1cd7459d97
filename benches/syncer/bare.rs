//! The bare loop: the same server-side applies, written before the clock starts, sent by as many tasks at a time: with
//! the query that a client library sends unasked, or with the engine's.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http::{Request, header};
use parking_lot::Mutex;
use tmc::{
    syncer::{api::Call, ownership::CLUSTER},
    upstream::{BODY_LIMIT, Upstream, read_limited},
};
use tokio::{task::JoinSet, time::Instant};

use crate::rig::CONCURRENCY;

/// A request of the engine, and the name of the object that it is about.
pub struct Template {
    path: String,
    body: String,
    name: String,
}

impl Template {
    pub fn of(call: &Call) -> Result<Self> {
        let mut body = call.body.clone();
        let metadata = body["metadata"].as_object_mut().context("an object has metadata")?;
        // Of the engine's object.
        metadata.remove("uid");
        // Of another target, so that nobody is sent what a loop has written.
        let key = metadata["labels"][CLUSTER].as_str().context("an object has the target's label")?;
        metadata["labels"][CLUSTER] = "0".repeat(key.len()).into();
        let name = metadata["name"].as_str().context("an object has a name")?.to_owned();
        Ok(Self { path: call.path.clone(), body: body.to_string(), name })
    }

    /// As a client library sends it, with a manager and force, and nothing about the validation of fields.
    pub fn plain(&self) -> Self {
        let Self { path, body, name } = self;
        Self { path: path.replace("&fieldValidation=Ignore", ""), body: body.clone(), name: name.clone() }
    }

    /// The same for another object.
    pub fn request(&self, name: &str) -> (String, Vec<u8>) {
        (self.path.replace(&self.name, name), self.body.replace(&self.name, name).into_bytes())
    }
}

/// Sends all of them; how long that took.
pub async fn run(api: &Upstream, requests: Vec<(String, Vec<u8>)>) -> Result<Duration> {
    let requests = Arc::new(Mutex::new(requests.into_iter()));
    let mut tasks = JoinSet::new();
    let begun = Instant::now();
    for _ in 0..CONCURRENCY {
        let (api, requests) = (api.clone(), requests.clone());
        tasks.spawn(async move {
            let next = || requests.lock().next();
            while let Some((path, body)) = next() {
                let request = Request::patch(path)
                    .header(header::ACCEPT, "application/json")
                    .header(header::CONTENT_TYPE, "application/apply-patch+yaml")
                    .body(body)?;
                let response = api.send(request).await?;
                let status = response.status();
                let body = read_limited(response.into_body(), BODY_LIMIT).await?;
                ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(begun.elapsed())
}
