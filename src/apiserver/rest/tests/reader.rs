//! Reads answers: whole bodies, and watch streams frame by frame.

use std::time::Duration;

use axum::{body::Body, response::Response};
use http_body_util::BodyExt;
use serde_json::Value;

pub(in crate::apiserver::rest) async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.expect("bodies do not fail").to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(in crate::apiserver::rest) async fn json(response: Response) -> Value {
    serde_json::from_str(&text(response).await).unwrap()
}

/// An open watch.
pub(in crate::apiserver::rest) struct Stream {
    pub(in crate::apiserver::rest) status: u16,
    body: Body,
    buffer: Vec<u8>,
}

impl Stream {
    pub(in crate::apiserver::rest) fn new(response: Response) -> Self {
        Self { status: response.status().as_u16(), body: response.into_body(), buffer: Vec::new() }
    }

    /// The next frame, or `None` once the stream has ended.
    pub(in crate::apiserver::rest) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<_> = self.buffer.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let Some(frame) = self.body.frame().await else {
                assert!(self.buffer.is_empty(), "a stream never ends inside a frame");
                return None;
            };
            self.buffer.extend_from_slice(&frame.unwrap().into_data().unwrap());
        }
    }

    /// The next frame as `TYPE name version`, `ERROR code message` or `END`.
    pub(in crate::apiserver::rest) async fn line(&mut self) -> String {
        self.next().await.map_or_else(|| "END".into(), |frame| line(&frame))
    }

    pub(in crate::apiserver::rest) async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(self.line().await);
        }
        lines
    }

    /// Nothing comes for a while of paused time.
    pub(in crate::apiserver::rest) async fn is_quiet(&mut self, seconds: u64) -> bool {
        tokio::time::timeout(Duration::from_secs(seconds), self.next()).await.is_err()
    }
}

fn line(frame: &Value) -> String {
    let kind = frame["type"].as_str().unwrap();
    let object = &frame["object"];
    if kind == "ERROR" {
        return format!("ERROR {} {}", object["code"], object["message"].as_str().unwrap());
    }
    let meta = &object["metadata"];
    let version = meta["resourceVersion"].as_str().unwrap();
    match meta["name"].as_str() {
        Some(name) => format!("{kind} {name} {version}"),
        None if meta["annotations"]["k8s.io/initial-events-end"] == "true" => {
            format!("{kind} end {version}")
        }
        None => format!("{kind} {version}"),
    }
}
