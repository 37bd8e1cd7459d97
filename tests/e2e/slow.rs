//! Connections that keep the server waiting: before, in and after the handshake, in the headers, in HTTP/2's
//! first frames. All are ended in time, who is only slow is served.

use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::binaries;
use crate::siege::Siege;
use crate::wait::{seconds, until_true};
use crate::wire::Server;

const EACH: usize = 200;
/// A guard, not a measure: handshake and headers have 10 s each, and a machine that is busy may be late with both.
const CUT: Duration = seconds(90);

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Connected, and silent.
    Silent,
    /// A ClientHello, byte by byte.
    Hello,
    /// A finished handshake and nothing behind it.
    Quiet,
    /// A header, byte by byte.
    Header,
    /// HTTP/2's preface and settings, and no request.
    Preface,
    /// Half of a HEADERS frame.
    Half,
}

const KINDS: [Kind; 6] = [Kind::Silent, Kind::Hello, Kind::Quiet, Kind::Header, Kind::Preface, Kind::Half];
/// The beginning of a TLS record that announces a ClientHello of 512 bytes.
const HELLO: &[u8] = &[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3];
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// One byte each 100 ms, then zeros, until it is refused.
async fn drip(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    for byte in bytes.iter().copied().chain(std::iter::repeat(b'0')) {
        if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// How long the server bore with it.
async fn bear(server: Server, kind: Kind) -> Duration {
    let start = Instant::now();
    let ended = timeout(CUT + seconds(5), async {
        match kind {
            Kind::Silent | Kind::Hello => {
                let mut socket = server.socket().await.expect("a connection");
                if matches!(kind, Kind::Hello) {
                    return drip(&mut socket, HELLO).await;
                }
                let _ = socket.read(&mut [0; 64]).await;
            }
            Kind::Quiet | Kind::Header => {
                let mut stream = server.connect("http/1.1").await.expect("a connection");
                if matches!(kind, Kind::Header) {
                    return drip(&mut stream, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await;
                }
                let _ = stream.read(&mut [0; 64]).await;
            }
            Kind::Preface | Kind::Half => {
                let mut stream = server.connect("h2").await.expect("a connection");
                let half: &[u8] =
                    if matches!(kind, Kind::Half) { b"\0\0\x40\x01\x05\0\0\0\x01\x82\x87" } else { b"" };
                let _ = stream.write_all(&[PREFACE, half].concat()).await;
                let _ = stream.flush().await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    });
    let _ = ended.await;
    start.elapsed()
}

#[test]
fn connections_that_keep_us_waiting_are_ended() {
    if !binaries::present() {
        return;
    }
    let siege = Siege::start("slow");
    let stranger = siege.env.wire_as(None);
    let files = || {
        let pid = siege.env.tmc.with_process(|process| process.pid());
        std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
    };
    let before = files();
    let slowest = siege.attack("1,200 connections that keep us waiting", async move {
        let all = KINDS.into_iter().flat_map(|kind| vec![kind; EACH]);
        join_all(all.map(|kind| {
            let server = stranger.clone();
            async move { (kind, bear(server, kind).await) }
        }))
        .await
    });
    for kind in KINDS.map(|kind| format!("{kind:?}")) {
        let took = slowest.iter().filter(|(one, _)| format!("{one:?}") == kind).map(|(_, took)| *took);
        let took = took.max().expect("each kind was tried");
        println!("{kind}: the last was ended after {took:.2?}");
        assert!(took < CUT, "{kind}: {took:?}");
    }
    until_true("all their descriptors are free", seconds(20), || files() <= before + 10);
    siege.survived();
}

#[test]
fn who_is_slow_but_in_time_is_served() {
    let Some(env) = crate::env::shared() else { return };
    let server = env.wire_as(None);
    crate::fixture::block_on(async {
        let mut stream = server.connect("http/1.1").await.expect("a connection");
        let request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        for byte in request {
            stream.write_all(&[*byte]).await.expect("it still listens");
            stream.flush().await.expect("it still listens");
            sleep(Duration::from_millis(60)).await;
        }
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    });
}
