//! Paced requests under tokio's paused clock.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use serde_json::Value;

use super::*;
use crate::syncer::api::Action;

#[derive(Default)]
struct Flaky {
    down: AtomicBool,
    asked: AtomicUsize,
}

#[async_trait]
impl Api for Arc<Flaky> {
    async fn call(&self, _: &Call) -> Result<Answer, ApiError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.down.load(Ordering::Relaxed) {
            true => Err(ApiError::Unreachable("connection refused".into())),
            false => Ok(Answer { code: 200, object: Value::Null }),
        }
    }
}

fn call() -> Call {
    Call { action: Action::Get, path: "/readyz".into(), body: Value::Null }
}

fn paced(qps: f64, burst: u32) -> (Arc<Flaky>, Paced<Arc<Flaky>>) {
    let flaky = Arc::new(Flaky::default());
    (flaky.clone(), Paced::new(flaky, Rates { qps, burst }))
}

#[tokio::test(start_paused = true)]
async fn a_burst_passes_at_once_and_the_rest_at_the_agreed_rate() {
    let (_, api) = paced(20.0, 30);
    let start = Instant::now();
    for _ in 0..30 {
        api.call(&call()).await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    for _ in 0..20 {
        api.call(&call()).await.unwrap();
    }
    let elapsed = start.elapsed().as_secs_f64();
    assert!((0.95..1.1).contains(&elapsed), "{elapsed}");
}

#[tokio::test(start_paused = true)]
async fn an_api_that_does_not_answer_is_left_alone_but_for_probes() {
    let (flaky, api) = paced(1e6, 1_000);
    flaky.down.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        assert!(matches!(api.call(&call()).await, Err(ApiError::Unreachable(_))));
    }
    for _ in 0..100 {
        assert!(matches!(api.call(&call()).await, Err(ApiError::Resting(_))));
    }
    assert_eq!(flaky.asked.load(Ordering::Relaxed), 5);
    let mut waits = Vec::new();
    for _ in 0..7 {
        let wait = api.rest().expect("it rests");
        waits.push(wait.as_secs_f64().round() as u64);
        tokio::time::sleep(wait).await;
        assert_eq!(api.rest(), None);
        assert!(matches!(api.call(&call()).await, Err(ApiError::Unreachable(_))));
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
    assert_eq!(flaky.asked.load(Ordering::Relaxed), 12);
    flaky.down.store(false, Ordering::Relaxed);
    tokio::time::sleep(LAST).await;
    api.call(&call()).await.unwrap();
    assert_eq!(api.rest(), None);
    api.call(&call()).await.unwrap();
}

#[test]
fn one_probe_at_a_time_and_one_that_is_dropped_makes_room() {
    let now = Instant::now();
    let mut circuit = Circuit::default();
    (0..5).for_each(|_| circuit.leave(false, now));
    let later = now + FIRST;
    assert!(circuit.enter(now).is_err());
    assert!(circuit.enter(later).is_ok());
    assert!(circuit.enter(later).is_err());
    circuit.abandon();
    assert!(circuit.enter(later).is_ok());
    circuit.leave(true, later);
    assert!(circuit.enter(later).is_ok() && circuit.enter(later).is_ok());
}

#[test]
fn an_answer_that_refuses_is_an_answer() {
    for (code, expected) in
        [(403, true), (404, true), (409, true), (429, true), (500, true), (503, false), (401, false)]
    {
        assert_eq!(reached(&Err(ApiError::status(code, "", ""))), expected, "{code}");
    }
}
