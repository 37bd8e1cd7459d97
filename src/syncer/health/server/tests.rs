//! The server over real connections.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use super::*;

async fn start() -> (std::net::SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(
        listener,
        Arc::new(|path, query| {
            (path == "/there").then(|| Response::new(Body::from(format!("asked {query}"))))
        }),
    ));
    (address, tasks)
}

async fn ask(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn it_answers_reads_of_what_is_there() {
    let (address, _tasks) = start().await;
    for (request, begins, ends) in [
        ("GET /there?verbose", "HTTP/1.1 200", "asked verbose"),
        ("HEAD /there", "HTTP/1.1 200", "\r\n\r\n"),
        ("GET /", "HTTP/1.1 404", "there is no such path here\n"),
        ("POST /there", "HTTP/1.1 405", "only GET and HEAD are answered here\n"),
    ] {
        let answer =
            ask(address, &format!("{request} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with(begins) && answer.ends_with(ends), "{request}: {answer}");
    }
    let long = format!("GET /there HTTP/1.1\r\nHost: {}\r\n\r\n", "a".repeat(64 << 10));
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may be cut off while it is still sending.
    let _ = stream.write_all(long.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "a head that long is not read");
}

#[tokio::test]
async fn idle_connections_take_no_place_from_others_for_ever() {
    let (address, _tasks) = start().await;
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    let request = "GET /there HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut refused = TcpStream::connect(address).await.unwrap();
    let _ = refused.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = refused.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "there is no place left");
    drop(idle);
    loop {
        let mut again = TcpStream::connect(address).await.unwrap();
        let _ = again.write_all(request.as_bytes()).await;
        let mut answer = String::new();
        let _ = again.read_to_string(&mut answer).await;
        if answer.starts_with("HTTP/1.1 200") {
            return;
        }
        tokio::task::yield_now().await;
    }
}
