//! An upstream that answers from a script, for tests.

use std::{collections::VecDeque, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use parking_lot::Mutex;

use super::{Fetch, FetchBody};
use crate::upstream::UpstreamError;

/// How a scripted body ends.
#[derive(Clone, Copy)]
pub enum End {
    Close,
    /// Nothing comes any more, and the connection stays.
    Silence,
    Break,
}

pub enum Answer {
    Status(u16, Option<&'static str>),
    Body(Vec<String>, End),
}

/// Answers in order, then never again.
#[derive(Default)]
pub struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() })
    }

    /// The paths of all requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }
}

#[async_trait]
impl Fetch for Script {
    async fn fetch(&self, path: &str, _accept: &'static str) -> Result<Response<FetchBody>, UpstreamError> {
        // As on a wire, others get a turn before an answer is there.
        tokio::task::yield_now().await;
        self.asked.lock().push(path.to_owned());
        let answer = self.answers.lock().pop_front();
        match answer {
            None => std::future::pending().await,
            Some(Answer::Status(code, retry_after)) => {
                let mut response = Response::new(body(Vec::new(), End::Close));
                *response.status_mut() = StatusCode::from_u16(code).unwrap();
                if let Some(seconds) = retry_after {
                    response.headers_mut().insert("retry-after", seconds.parse().unwrap());
                }
                Ok(response)
            }
            Some(Answer::Body(chunks, end)) => Ok(Response::new(body(chunks, end))),
        }
    }
}

fn body(chunks: Vec<String>, end: End) -> FetchBody {
    let frames = stream::iter(chunks).map(|chunk| Ok(Frame::data(Bytes::from(chunk))));
    let tail = match end {
        End::Close => stream::empty().boxed(),
        End::Silence => stream::pending().boxed(),
        End::Break => stream::once(async { Err(std::io::ErrorKind::ConnectionReset.into()) }).boxed(),
    };
    StreamBody::new(frames.chain(tail)).boxed_unsync()
}

pub fn list(version: &str, next: &str, items: &[String]) -> String {
    let items = items.join(",");
    format!(r#"{{"metadata":{{"resourceVersion":"{version}","continue":"{next}"}},"items":[{items}]}}"#)
}

pub fn item(name: &str, version: &str) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","uid":"{name}","resourceVersion":"{version}"}}}}"#)
}

pub fn event(kind: &str, object: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
}
