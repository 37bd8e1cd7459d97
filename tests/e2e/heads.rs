//! HTTP/2 requests whose heads are malformed: refused or reset, never served, and the connection either goes
//! on for others or says goodbye.

use std::time::Duration;

use tokio::time::timeout;

use crate::env::shared;
use crate::fixture::block_on;
use crate::frames::{
    self, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, SETTINGS, field, frame, open,
};
use crate::wire::Server;

const GET: &[u8] = &[0x82];
const HTTPS: &[u8] = &[0x87];
/// `:status 200` in the head of an answer.
const OK: u8 = 0x88;
const ENABLE_CONNECT_PROTOCOL: u16 = 8;
const LIMIT: Duration = Duration::from_secs(20);

/// What became of one request.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Served,
    Refused,
    Reset,
    Goodbye,
}

async fn fate(server: &Server, block: Vec<u8>) -> Fate {
    let (mut reader, mut writer) = open(server, &frame(SETTINGS, 0, 0, &[])).await.expect("a connection");
    writer.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block), LIMIT).await;
    let answer = async {
        while let Some(frame) = reader.next().await {
            match frame.kind {
                HEADERS if frame.payload.first() == Some(&OK) => return Fate::Served,
                HEADERS => return Fate::Refused,
                RST_STREAM => return Fate::Reset,
                GOAWAY => return Fate::Goodbye,
                SETTINGS => assert_no_tunnels(&frame.payload),
                _ => {}
            }
        }
        Fate::Goodbye
    };
    let fate = timeout(LIMIT, answer).await.expect("it does not leave a request without an answer");
    if fate == Fate::Goodbye {
        return fate;
    }
    // Its neighbour is served.
    writer.send(&frames::get(3, "/livez"), LIMIT).await;
    let neighbour = async {
        while let Some(frame) = reader.next().await {
            if frame.kind == HEADERS && frame.payload.first() == Some(&OK) {
                return true;
            }
        }
        false
    };
    assert!(timeout(LIMIT, neighbour).await.expect("an answer"), "its neighbour is served");
    fate
}

fn assert_no_tunnels(settings: &[u8]) {
    let offers = settings.chunks_exact(6).any(|entry| entry[..2] == ENABLE_CONNECT_PROTOCOL.to_be_bytes());
    assert!(!offers, "extended CONNECT is not offered");
}

#[test]
fn a_malformed_head_is_never_served() {
    let Some(env) = shared() else { return };
    let server = env.wire();
    let path = |path: &str| field(":path", path, false);
    let good = [GET, HTTPS, &path("/livez"), &field(":authority", "localhost", false)].concat();
    assert_eq!(block_on(fate(&server, good.clone())), Fate::Served, "well formed, it is served");
    let with = |extra: Vec<u8>| [good.clone(), extra].concat();
    let header = |name: &str, value: &str| with(field(name, value, false));
    let named = |text: &str| [GET, HTTPS, &path(text)].concat();
    let cases = [
        ("no method", [HTTPS, &path("/livez")].concat()),
        ("no scheme", [GET, &path("/livez")].concat()),
        ("no path", [GET, HTTPS].concat()),
        ("two paths", [GET, HTTPS, &path("/livez"), &path("/version")].concat()),
        ("two methods", with(GET.to_vec())),
        (
            "a pseudo-header behind a header",
            [GET, HTTPS, &field("x-a", "b", false), &path("/livez")].concat(),
        ),
        ("an unknown pseudo-header", header(":nonsense", "x")),
        ("an answer's pseudo-header", header(":status", "200")),
        ("an upper-case name", header("X-Upper", "x")),
        ("an empty name", header("", "x")),
        ("a name with a blank", header("x a", "x")),
        ("a value with a line break", header("x-a", "b\r\nx-remote-user: admin")),
        ("a value with a NUL", header("x-a", "b\0c")),
        ("a header of connections", header("connection", "keep-alive")),
        ("chunked", header("transfer-encoding", "chunked")),
        ("an upgrade", header("upgrade", "websocket")),
        ("a length that is not kept", header("content-length", "5")),
        ("two lengths", [header("content-length", "0"), field("content-length", "5", false)].concat()),
        ("an empty path", named("")),
        ("a path without a slash", named("livez")),
        ("a path of a star", named("*")),
        ("a path with a blank", named("/li vez")),
        ("a path with a NUL", named("/livez\0")),
        ("a path with a line break", named("/livez HTTP/1.1\r\nx-a: b")),
        ("a path that leaves its authority", named("//elsewhere/livez")),
        (
            "a tunnel",
            [&field(":method", "CONNECT", false)[..], &field(":authority", "localhost:443", false)].concat(),
        ),
        (
            "a tunnel of a protocol",
            [
                &field(":method", "CONNECT", false)[..],
                &field(":protocol", "websocket", false),
                HTTPS,
                &path("/livez"),
                &field(":authority", "localhost", false),
            ]
            .concat(),
        ),
        ("a method that is none", [&field(":method", "G T", false)[..], HTTPS, &path("/livez")].concat()),
        ("an index into nothing", with(vec![0xff, 0xff, 0xff, 0xff, 0x0f])),
        ("a string that is cut off", with(vec![0x00, 0x7f])),
    ];
    for (what, block) in cases {
        let fate = block_on(fate(&server, block));
        println!("{what}: {fate:?}");
        assert_ne!(fate, Fate::Served, "{what}");
    }
}
