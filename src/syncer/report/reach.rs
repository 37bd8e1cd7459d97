//! Whether the API server of the cluster is there and says that it is ready: asked again and again, and believed
//! when it was said twice.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use http_body_util::BodyExt;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use crate::{informers::Fetch, upstream::UpstreamError};

/// Between questions when nothing changes.
pub const PERIOD: Duration = Duration::from_secs(30);
/// Until a change is asked about again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// What is read of an answer.
const READ: usize = 16 << 10;

/// How the API server of the cluster is; where it is not well, in words for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    #[default]
    Unknown,
    Ready,
    Unreachable(String),
    NotReady(String),
    Throttled(String),
}

impl Reach {
    /// Whether it is as well, or as unwell, as another one.
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// What is believed, and what was said last.
#[derive(Debug, Default)]
pub struct Damped {
    believed: Reach,
    said: Reach,
}

impl Damped {
    /// Takes note of an answer. The first one is believed at once, a change when it was said twice.
    pub fn hear(&mut self, answer: Reach) -> &Reach {
        let changed = !self.believed.is_like(&answer);
        let twice = if changed { self.said.is_like(&answer) } else { self.said == answer };
        if twice || self.believed == Reach::Unknown {
            self.believed = answer.clone();
        }
        self.said = answer;
        &self.believed
    }

    /// Whether what was said last is believed.
    pub fn is_settled(&self) -> bool {
        self.believed.is_like(&self.said)
    }
}

/// When the cluster last answered, whatever it said.
pub type Answered = watch::Receiver<Option<Instant>>;

/// Asks `/readyz` of one cluster.
pub struct Probe {
    fetch: Arc<dyn Fetch>,
    period: Duration,
    reach: watch::Sender<Reach>,
    answered: watch::Sender<Option<Instant>>,
}

impl Probe {
    /// `period` is [`PERIOD`] for a real one.
    pub fn new(fetch: Arc<dyn Fetch>, period: Duration) -> Self {
        Self { fetch, period, reach: watch::Sender::default(), answered: watch::Sender::default() }
    }

    pub fn reach(&self) -> watch::Receiver<Reach> {
        self.reach.subscribe()
    }

    pub fn answered(&self) -> Answered {
        self.answered.subscribe()
    }

    /// Never ends.
    pub async fn run(self) {
        let mut damped = Damped::default();
        loop {
            let answer = self.ask().await;
            if !matches!(answer, Reach::Unreachable(_)) {
                self.answered.send_replace(Some(Instant::now()));
            }
            let believed = damped.hear(answer).clone();
            self.reach.send_if_modified(|now| {
                if *now != believed {
                    tracing::info!(?believed, "the API server of the cluster");
                }
                std::mem::replace(now, believed.clone()) != believed
            });
            sleep(if damped.is_settled() { self.period } else { AGAIN.min(self.period) }).await;
        }
    }

    async fn ask(&self) -> Reach {
        let answer = timeout(ANSWER, async {
            let response = self.fetch.fetch("/readyz", "*/*").await?;
            let status = response.status();
            // Read to its end, so that the connection can be used again.
            let body = http_body_util::Limited::new(response.into_body(), READ).collect().await;
            let text = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
            Ok((status, text.unwrap_or_default()))
        });
        match answer.await {
            Err(_) => {
                Reach::Unreachable(format!("the API server of the cluster did not answer within {ANSWER:?}"))
            }
            Ok(Err(error)) => Reach::Unreachable(unreachable(&error)),
            Ok(Ok((status, text))) => judge(status, &text),
        }
    }
}

/// The chain of causes; where a password could be in it, the upstream has taken it out.
fn unreachable(error: &UpstreamError) -> String {
    let mut text = "the API server of the cluster cannot be reached".to_owned();
    let mut cause = std::error::Error::source(error);
    while let Some(one) = cause {
        text = format!("{text}: {one}");
        cause = one.source();
    }
    text
}

fn judge(status: StatusCode, text: &str) -> Reach {
    match status {
        status if status.is_success() => Reach::Ready,
        StatusCode::TOO_MANY_REQUESTS => Reach::Throttled(
            "the API server of the cluster answers that there are too many requests".to_owned(),
        ),
        StatusCode::UNAUTHORIZED => Reach::Unreachable(
            "the API server of the cluster does not accept the syncer's credentials (401)".to_owned(),
        ),
        // Who may not ask for its health may still use it.
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Reach::Ready,
        status => Reach::NotReady(format!(
            "the API server of the cluster says that it is not ready ({}){}",
            status.as_u16(),
            failed(text)
        )),
    }
}

/// The checks that failed, as kube-apiserver lists them.
fn failed(text: &str) -> String {
    let checks = text.lines().filter_map(|line| line.strip_prefix("[-]")?.split(' ').next());
    let names: Vec<_> = checks.take(5).collect();
    if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
}

#[cfg(test)]
mod tests;
