//! HTTP/1.1 by the byte: framing that two servers may read differently, and lines that are none. A request
//! hidden in another is never answered, what is refused is a Status or the connection's end.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::env::shared;
use crate::fixture::{VIEWS, block_on, object_name, workspace};
use crate::wire::Server;

/// Beyond the deadline for headers.
const LIMIT: Duration = Duration::from_secs(20);

/// One connection: what was answered to `bytes` until its end.
struct Exchange {
    answers: Vec<(u16, String)>,
    closed: bool,
}

/// Sends all of it and reads to the end, at most for [`LIMIT`].
async fn exchange(server: &Server, bytes: &[u8]) -> Exchange {
    let mut stream = server.connect("http/1.1").await.expect("a connection");
    let (mut said, mut closed) = (Vec::new(), false);
    // It may close before it has taken everything.
    if stream.write_all(bytes).await.is_ok() {
        let _ = stream.flush().await;
    }
    let reading = timeout(LIMIT, stream.read_to_end(&mut said));
    if reading.await.is_ok() {
        closed = true;
    }
    Exchange { answers: answers(&String::from_utf8_lossy(&said)), closed }
}

/// The answers one after another; all of them say how long they are.
fn answers(mut text: &str) -> Vec<(u16, String)> {
    let mut found = Vec::new();
    while let Some((head, rest)) = text.split_once("\r\n\r\n") {
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let length = length.unwrap_or(0).min(rest.len());
        found.push((status, rest[..length].to_owned()));
        text = &rest[length..];
    }
    found
}

/// What an error says: Kubernetes' Status, or nothing and the end of the connection.
#[track_caller]
fn assert_proper(what: &str, exchange: &Exchange) {
    for (status, body) in &exchange.answers {
        assert!(!(300..400).contains(status), "{what}: a redirect");
        if *status >= 400 {
            let said: Value = serde_json::from_str(body).unwrap_or_default();
            let proper = said["kind"] == "Status" && said["code"] == *status;
            assert!(proper || (body.is_empty() && exchange.closed), "{what}: {status} {body:?}");
        }
    }
}

/// (name, head after the request line and Host, what comes before the hidden request)
const AMBIGUOUS: [(&str, &str, &str); 22] = [
    ("CL.TE", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    ("TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
    ("two lengths", "Content-Length: 0\r\nContent-Length: 5\r\n", ""),
    ("two lengths, the other way", "Content-Length: 500\r\nContent-Length: 0\r\n", ""),
    ("a list of lengths", "Content-Length: 0, 5\r\n", ""),
    ("a length with a sign", "Content-Length: +0\r\n", ""),
    ("a negative length", "Content-Length: -1\r\n", ""),
    ("a hexadecimal length", "Content-Length: 0x0\r\n", ""),
    ("a length with a blank", "Content-Length: 0 0\r\n", ""),
    ("a length beyond all numbers", "Content-Length: 99999999999999999999999\r\n", ""),
    ("a length in a folded line", "Content-Length:\r\n 0\r\n", ""),
    ("chunked and more", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
    ("not quite chunked", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
    ("chunked after a vertical tab", "Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"),
    ("identity after chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
    ("a blank before the colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
    ("a tab before the colon", "Content-Length\t: 0\r\n", ""),
    ("a folded header", "X-A: b\r\n c\r\n", ""),
    ("a header without a colon", "X-A\r\n", ""),
    ("a NUL in a value", "X-A: b\0c\r\n", ""),
    ("a bare CR in a value", "X-A: b\rX-B: c\r\n", ""),
    ("a name that is none", "X(A): b\r\n", ""),
];

/// Bodies that break the rules of chunks.
const CHUNKS: [(&str, &str); 7] = [
    ("a size beyond all numbers", "FFFFFFFFFFFFFFFFF\r\n"),
    ("a size with a sign", "-1\r\n"),
    ("a size that is none", "zz\r\n"),
    ("a size that ends in a bare LF", "5\n"),
    ("a bare CR after the size", "5\rabcde\r\n"),
    ("a chunk longer than its size", "1\r\nabcdef\r\n"),
    ("a size with a blank inside", "0 0\r\n\r\n"),
];

#[test]
fn a_request_hidden_in_another_is_never_answered() {
    let Some(env) = shared() else { return };
    let (workspace, server) = (workspace(), env.wire());
    env.targets.healthy(&object_name(&workspace, "a"), &workspace, 1);
    env.targets.until_deployments(&workspace, 1);
    let hidden = format!("GET {VIEWS}/{workspace} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let ask = |bytes: String| block_on(exchange(&server, bytes.as_bytes()));
    let plain = ask(hidden.clone());
    assert_eq!(plain.answers[0].0, 200, "not hidden, it is answered");

    for method in ["GET", "POST"] {
        for (what, headers, body) in AMBIGUOUS {
            let bytes = format!("{method} /livez HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}{hidden}");
            let exchange = ask(bytes);
            let what = format!("{method}, {what}");
            assert!(exchange.closed, "{what}: the connection ends: {:?}", exchange.answers);
            assert_eq!(exchange.answers.len(), 1, "{what}: one answer at most: {:?}", exchange.answers);
            assert_proper(&what, &exchange);
        }
        let extension = format!("5;{}\r\nabcde\r\n", "x".repeat(100_000));
        for (what, chunk) in CHUNKS.into_iter().chain([("an extension without end", extension.as_str())]) {
            let head =
                format!("{method} /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
            let exchange = ask(format!("{head}{chunk}{hidden}"));
            assert!(exchange.closed, "{method}, {what}: the connection ends: {:?}", exchange.answers);
            assert!(exchange.answers.len() <= 1, "{method}, {what}: {:?}", exchange.answers);
            assert_proper(what, &exchange);
        }
        // In a body of a known length it is a body.
        let length = hidden.len();
        let bytes = format!(
            "{method} /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{hidden}"
        );
        let exchange = ask(bytes);
        assert!(exchange.closed && exchange.answers.len() == 1, "{method}: {:?}", exchange.answers);
        assert_proper("a body", &exchange);
    }
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let Some(env) = shared() else { return };
    let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
    let three = [get("/livez", ""), get("/nowhere", ""), get("/version", "Connection: close\r\n")].concat();
    let exchange = block_on(exchange(&env.wire(), three.as_bytes()));
    let statuses: Vec<_> = exchange.answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200, 404, 200], "{:?}", exchange.answers);
    assert!(exchange.answers[2].1.contains("gitVersion"), "{:?}", exchange.answers);
    assert_proper("pipelined", &exchange);
}

/// Request lines, and whether they may be served.
fn lines() -> Vec<(String, bool)> {
    let long = "x".repeat(70_000);
    let many: String = (0..300).map(|at| format!("x-{at}: y\r\n")).collect();
    let line = |line: &str| format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut all: Vec<_> = [
        "GET /livez",
        "GET  /livez HTTP/1.1",
        " GET /livez HTTP/1.1",
        "GET /livez HTTP/1.1 ",
        "GET /livez HTTP/2.0",
        "GET /livez HTTP/1.10",
        "GET /livez http/1.1",
        "get /livez HTTP/1.1",
        "G\0T /livez HTTP/1.1",
        "GET livez HTTP/1.1",
        "GET * HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "CONNECT localhost:443 HTTP/1.1",
        "PRI * HTTP/2.0",
        "TRACE /livez HTTP/1.1",
        "GET /li vez HTTP/1.1",
        "GET /livez\t HTTP/1.1",
    ]
    .map(|text| (line(text), false))
    .into();
    all.extend(
        ["", "Host: localhost\r\nHost: localhost\r\n", "Host: localhost\r\nhost: elsewhere\r\n"]
            .map(|hosts| (format!("GET /livez HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n"), false)),
    );
    // An old client knows no Host.
    all.push(("GET /livez HTTP/1.0\r\n\r\n".to_owned(), true));
    // An absolute target is to be taken, and a bare LF may be.
    all.push((line("GET https://elsewhere.example.com/livez HTTP/1.1"), true));
    all.push(("GET /livez HTTP/1.1\nHost: localhost\nConnection: close\n\n".to_owned(), true));
    all.push((line(&format!("GET /{long} HTTP/1.1")), false));
    all.push((line(&format!("GET /livez?{long} HTTP/1.1")), false));
    all.push((line(&format!("GET /livez HTTP/1.1\r\nX-Long: {long}")), false));
    all.push((format!("GET /livez HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"), false));
    all
}

#[test]
fn lines_that_are_none_and_lines_that_are_too_long_are_refused() {
    let Some(env) = shared() else { return };
    let server = env.wire();
    for (bytes, may) in lines() {
        let shown: String = bytes.chars().take(60).collect();
        let exchange = block_on(exchange(&server, bytes.as_bytes()));
        assert!(exchange.closed, "{shown:?}: the connection ends");
        assert!(exchange.answers.len() <= 1, "{shown:?}: {:?}", exchange.answers);
        assert_proper(&shown, &exchange);
        let served = exchange.answers.iter().any(|(status, _)| *status < 400);
        assert_eq!(served, may, "{shown:?}: {:?}", exchange.answers);
    }
}
