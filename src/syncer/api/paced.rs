//! An API that is asked no faster than agreed, and not at all while it does not answer.
//!
//! After five requests in a row that did not reach it, nothing is sent but one probe at a time, first after one
//! second, at last every thirty. It must not know what the requests are.

use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use super::{Answer, Api, ApiError, Call};

/// Failures in a row after which an API rests.
const FAILURES: u32 = 5;
const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(30);

/// How often an API is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Requests a second in the long run; above 0.
    pub qps: f64,
    /// Requests that may come at once; above 0.
    pub burst: u32,
}

/// Requests that may be made, and since when there have been so many. Below zero, somebody waits for them.
#[derive(Debug)]
struct Bucket {
    rates: Rates,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// Takes one and says from when on it may be used.
    fn take(&mut self, now: Instant) -> Instant {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * self.rates.qps;
        self.tokens = (self.tokens + earned).min(f64::from(self.rates.burst)) - 1.0;
        self.at = now;
        match self.tokens {
            tokens if tokens >= 0.0 => now,
            tokens => now + Duration::from_secs_f64(-tokens / self.rates.qps),
        }
    }
}

/// Whether an API may be asked.
#[derive(Debug, Default)]
struct Circuit {
    failures: u32,
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Rest {
    wait: Duration,
    until: Instant,
    probing: bool,
}

impl Circuit {
    /// Lets a request pass, or says for how long none does.
    fn enter(&mut self, now: Instant) -> Result<(), Duration> {
        match &mut self.rest {
            None => Ok(()),
            Some(rest) if now >= rest.until && !rest.probing => {
                rest.probing = true;
                Ok(())
            }
            Some(rest) => Err(rest.until.saturating_duration_since(now).max(FIRST)),
        }
    }

    fn leave(&mut self, reached: bool, now: Instant) {
        if reached {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        match &mut self.rest {
            // A probe failed. Requests that were under way when the rest began say nothing new.
            Some(rest) if rest.probing => {
                let wait = (rest.wait * 2).min(LAST);
                *rest = Rest { wait, until: now + wait, probing: false };
            }
            Some(_) => {}
            None if self.failures >= FAILURES => {
                self.rest = Some(Rest { wait: FIRST, until: now + FIRST, probing: false });
            }
            None => {}
        }
    }

    /// A probe that was dropped before it ended.
    fn abandon(&mut self) {
        if let Some(rest) = &mut self.rest {
            rest.probing = false;
        }
    }
}

/// Paces what goes to `inner`.
pub struct Paced<A> {
    inner: A,
    bucket: Mutex<Bucket>,
    circuit: Mutex<Circuit>,
}

impl<A> Paced<A> {
    pub fn new(inner: A, rates: Rates) -> Self {
        let bucket = Bucket { rates, tokens: f64::from(rates.burst), at: Instant::now() };
        Self { inner, bucket: Mutex::new(bucket), circuit: Mutex::default() }
    }
}

/// Gives a probe's place back if the request is dropped.
struct Entered<'a>(Option<&'a Mutex<Circuit>>);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(circuit) = self.0.take() {
            circuit.lock().abandon();
        }
    }
}

#[async_trait]
impl<A: Api> Api for Paced<A> {
    async fn call(&self, call: &Call) -> Result<Answer, ApiError> {
        let now = Instant::now();
        let at = self.bucket.lock().take(now);
        // A timer is up to a millisecond late, even one that has nothing to wait for.
        if at > now {
            sleep_until(at).await;
        }
        self.circuit.lock().enter(Instant::now()).map_err(ApiError::Resting)?;
        let mut entered = Entered(Some(&self.circuit));
        let answer = self.inner.call(call).await;
        entered.0 = None;
        self.circuit.lock().leave(reached(&answer), Instant::now());
        answer
    }

    fn rest(&self) -> Option<Duration> {
        let (circuit, now) = (self.circuit.lock(), Instant::now());
        let rest = circuit.rest.as_ref()?;
        match rest.until.saturating_duration_since(now) {
            Duration::ZERO if rest.probing => Some(FIRST),
            Duration::ZERO => None,
            wait => Some(wait),
        }
    }
}

/// Whether the API itself answered, and knows us.
fn reached(answer: &Result<Answer, ApiError>) -> bool {
    match answer {
        Err(ApiError::Unreachable(_) | ApiError::Timeout(_) | ApiError::Resting(_)) => false,
        Err(ApiError::Status { code, .. }) => !matches!(code, 401 | 502 | 503 | 504),
        Ok(_) | Err(ApiError::Body { .. } | ApiError::Decode(_)) => true,
    }
}

#[cfg(test)]
mod tests;
