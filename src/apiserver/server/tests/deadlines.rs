//! Peers that keep us waiting.

use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::Instant;

use super::*;

const SHORT: Duration = Duration::from_millis(200);

fn with(change: impl FnOnce(&mut Deadlines)) -> Limits {
    let mut limits = limits();
    change(&mut limits.deadlines);
    limits
}

#[tokio::test]
async fn a_silent_client_does_not_get_to_hold_a_handshake() {
    let running = start(log_of(&["a"], 10), with(|deadlines| deadlines.handshake = SHORT)).await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let mut byte = [0; 1];
    let ended = tokio::time::timeout(SOON, silent.read(&mut byte)).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)));
    until("counted", || running.metrics.tls_handshake_errors.get() == 1).await;
}

#[tokio::test]
async fn headers_have_a_deadline_and_the_wait_between_requests_another() {
    let limits = with(|deadlines| {
        deadlines.headers = SHORT;
        deadlines.idle = SHORT * 5;
    });
    let running = start(log_of(&["a"], 10), limits).await;

    let started = Instant::now();
    let mut slow = running.http1().await;
    slow.write_all(b"GET /livez HT").await.unwrap();
    rest(&mut slow).await;
    assert!(started.elapsed() < SHORT * 5, "not the idle deadline");

    let mut nothing = running.http1().await;
    let started = Instant::now();
    rest(&mut nothing).await;
    assert!(started.elapsed() < SHORT * 5, "the first request is due at once");

    let mut kept = running.http1().await;
    get(&mut kept, "/livez").await;
    let started = Instant::now();
    rest(&mut kept).await;
    assert!(started.elapsed() >= SHORT * 4, "an idle connection may live on");
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_cut() {
    let running = start(log_of(&["big"], 32 << 20), with(|deadlines| deadlines.stall = SHORT)).await;
    let mut deaf = running.http1().await;
    let request = format!("GET {COLLECTION}/big HTTP/1.1\r\nhost: a\r\nx-user: jane\r\n\r\n");
    deaf.write_all(request.as_bytes()).await.unwrap();
    until("open", || running.open() == 1).await;
    until("cut", || running.open() == 0).await;
}

#[tokio::test]
async fn an_http2_stream_that_is_not_read_is_freed_and_its_neighbours_live() {
    let names: Vec<_> = (0..200).map(|at| format!("thing-{at}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let running = start(log_of(&names, 100_000), with(|deadlines| deadlines.stall = SHORT)).await;
    let stream = running.connect("h2", None).await.unwrap();
    let (mut client, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let _how_it_ended = connection.await;
    });
    let request = |path: String| {
        let request =
            http::Request::builder().uri(format!("https://localhost{path}")).header("x-user", "jane");
        request.body(Empty::<bytes::Bytes>::new()).unwrap()
    };
    let unread = client.send_request(request(COLLECTION.to_owned())).await.unwrap();
    assert_eq!(unread.status(), 200);
    let stalled = running.metrics.stalled.with_label_values(&["response"]);
    until("cut", || stalled.get() == 1).await;

    let neighbour = client.send_request(request("/livez".to_owned())).await.unwrap();
    assert_eq!(neighbour.into_body().collect().await.unwrap().to_bytes(), "ok");
    assert!(unread.into_body().collect().await.is_err(), "never taken for a complete answer");
}

#[tokio::test]
async fn a_quiet_watch_is_neither_idle_nor_stalled() {
    let limits = with(|deadlines| {
        deadlines.headers = SHORT;
        deadlines.idle = SHORT;
        deadlines.stall = SHORT;
    });
    let log = log_of(&["a"], 10);
    let running = start(log.clone(), limits).await;
    let mut stream = running.http1().await;
    let head = get(&mut stream, &format!("{COLLECTION}?watch=1&timeoutSeconds=2&resourceVersion=2")).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let started = Instant::now();
    let events = tokio::time::timeout(SOON, async {
        let mut text = String::new();
        while !text.ends_with("0\r\n\r\n") {
            let mut buffer = [0; 1024];
            let read = stream.read(&mut buffer).await.unwrap();
            assert!(read > 0, "cut after {:?}", started.elapsed());
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    });
    events.await.unwrap();
    assert!(started.elapsed() >= SHORT * 5, "the watch ended at its own time");
}
