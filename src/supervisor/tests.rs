//! Ends of tasks and what becomes of the others.

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::mpsc;

use super::*;

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A supervisor with one server that needs `linger` to finish, and the sender of its signals.
fn with_server(linger: Duration) -> (Supervisor, mpsc::Sender<&'static str>, Signals) {
    let mut supervisor = Supervisor::new(Duration::from_secs(60));
    let stop = supervisor.shutdown();
    supervisor.spawn("server", async move {
        stop.cancelled().await;
        tokio::time::sleep(linger).await;
        Ok::<_, Infallible>(())
    });
    let (send, receive) = mpsc::channel(2);
    (supervisor, send, Signals::from_channel(receive))
}

#[tokio::test(start_paused = true)]
async fn the_first_signal_lets_servers_finish_and_then_drops_the_background() {
    let (mut supervisor, signal, signals) = with_server(Duration::from_secs(30));
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = SetOnDrop(dropped.clone());
    supervisor.spawn_background("informer", async move {
        let _guard = guard;
        pending::<()>().await;
    });
    let stop = supervisor.shutdown();
    let running = supervisor.run(signals);
    tokio::pin!(running);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut running).await.is_err());
    signal.send("SIGTERM").await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(29), &mut running).await.is_err());
    assert!(stop.is_cancelled());
    assert!(!dropped.load(Ordering::SeqCst), "the background outlives the servers");
    running.await.unwrap();
    assert!(dropped.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_stops_at_once() {
    let (supervisor, signal, signals) = with_server(Duration::from_secs(30));
    signal.send("SIGTERM").await.unwrap();
    signal.send("SIGTERM").await.unwrap();
    assert!(matches!(supervisor.run(signals).await, Err(SupervisorError::Aborted)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_finish_is_named() {
    let (supervisor, signal, signals) = with_server(Duration::from_secs(61));
    signal.send("SIGINT").await.unwrap();
    let error = supervisor.run(signals).await.unwrap_err();
    assert_eq!(error.to_string(), "server did not finish within 60s");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ends_early_ends_all() {
    let (mut supervisor, _signal, signals) = with_server(Duration::ZERO);
    supervisor.spawn_background("informer", async {});
    let stop = supervisor.shutdown();
    assert_eq!(
        supervisor.run(signals).await.unwrap_err().to_string(),
        "informer ended, which it never should"
    );
    assert!(stop.is_cancelled());

    let (mut supervisor, _signal, signals) = with_server(Duration::ZERO);
    supervisor.spawn_background("informer", async { panic!("broken") });
    assert_eq!(supervisor.run(signals).await.unwrap_err().to_string(), "informer panicked");

    let (mut supervisor, _signal, signals) = with_server(Duration::ZERO);
    supervisor.spawn("listener", async { Err("port in use") });
    assert_eq!(supervisor.run(signals).await.unwrap_err().to_string(), "listener failed");
}
