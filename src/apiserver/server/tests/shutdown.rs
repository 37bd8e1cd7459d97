//! The end: told first, then nothing new, then everything finished.

use super::*;

#[tokio::test]
async fn a_watch_ends_cleanly_and_the_server_with_it() {
    let mut running = start(log_of(&["a"], 10), limits()).await;
    let mut stream = running.http1().await;
    let head = get(&mut stream, &format!("{COLLECTION}?watch=1")).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    running.stop.cancel();
    let events = rest(&mut stream).await;
    assert!(events.ends_with("0\r\n\r\n"), "a complete, empty last chunk: {events:?}");
    tokio::time::timeout(SOON, running.task.join_next()).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(running.address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn readiness_fails_first_while_requests_are_still_served() {
    let delay = Duration::from_millis(500);
    let mut running = start(log_of(&["a"], 10), Limits { shutdown_delay: delay, ..limits() }).await;
    let mut stream = running.http1().await;
    assert!(get(&mut stream, "/readyz").await.starts_with("HTTP/1.1 200"));
    running.stop.cancel();
    while get(&mut stream, "/readyz").await.starts_with("HTTP/1.1 200") {}
    let answer = get(&mut stream, &format!("{COLLECTION}/a")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(rest(&mut stream).await, "", "an idle connection is closed");
    tokio::time::timeout(SOON, running.task.join_next()).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_finish_is_cut_at_the_drain_deadline() {
    let drain = Duration::from_millis(300);
    let mut running = start(log_of(&["a"], 10), Limits { drain, ..limits() }).await;
    let mut stream = running.http1().await;
    let request = format!("GET {COLLECTION} HTTP/1.1\r\nhost: a\r\nx-user: waiter\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let inflight = running.metrics.inflight(true);
    until("in flight", || inflight.get() == 1).await;
    running.stop.cancel();
    tokio::time::timeout(SOON, running.task.join_next()).await.unwrap().unwrap().unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = first.local_addr().unwrap();
    assert_eq!(bind(address).await.unwrap_err().to_string(), format!("cannot listen on {address}"));
}
