//! HTTP/2 by hand, frame by frame, for what no client library would send. Knows the wire format alone.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use crate::wire::Server;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub const REFUSED_STREAM: u32 = 7;
pub const CANCEL: u32 = 8;
pub const ENHANCE_YOUR_CALM: u32 = 11;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

pub fn setting(identifier: u16, value: u32) -> Vec<u8> {
    let mut entry = identifier.to_be_bytes().to_vec();
    entry.extend(value.to_be_bytes());
    frame(SETTINGS, 0, 0, &entry)
}

/// HPACK: a literal that is not indexed, or one that goes into the table, without Huffman.
pub fn field(name: &str, value: &str, indexed: bool) -> Vec<u8> {
    let mut field = vec![if indexed { 0x40 } else { 0 }];
    text(&mut field, name);
    text(&mut field, value);
    field
}

fn text(into: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    if length < 127 {
        into.push(length as u8);
    } else {
        into.push(127);
        length -= 127;
        while length >= 128 {
            into.push((length % 128) as u8 | 128);
            length /= 128;
        }
        into.push(length as u8);
    }
    into.extend(text.as_bytes());
}

/// The header block of a GET.
pub fn block(path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x87, 0x04];
    text(&mut block, path);
    block.push(0x01);
    text(&mut block, "localhost");
    block
}

/// A whole GET.
pub fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(path))
}

pub fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &code.to_be_bytes())
}

/// The stream of the `index`th request.
pub fn id(index: u32) -> u32 {
    index * 2 + 1
}

#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub payload: Vec<u8>,
}

impl Frame {
    /// The error code of RST_STREAM and GOAWAY.
    pub fn code(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        self.payload
            .get(at..at + 4)
            .map_or(0, |code| u32::from_be_bytes([code[0], code[1], code[2], code[3]]))
    }
}

pub struct Reader(ReadHalf<TlsStream<TcpStream>>);
pub struct Writer(WriteHalf<TlsStream<TcpStream>>);

/// A connection whose preface and SETTINGS are sent.
pub async fn open(server: &Server, settings: &[u8]) -> Result<(Reader, Writer)> {
    let mut stream = server.connect("h2").await?;
    stream.write_all(PREFACE).await?;
    stream.write_all(settings).await?;
    stream.flush().await?;
    let (reader, writer) = split(stream);
    Ok((Reader(reader), Writer(writer)))
}

impl Writer {
    /// Whether all of it could be sent: not when the other side has closed or reads no more for `limit`.
    pub async fn send(&mut self, bytes: &[u8], limit: Duration) -> bool {
        let sent = timeout(limit, async {
            self.0.write_all(bytes).await?;
            self.0.flush().await
        });
        matches!(sent.await, Ok(Ok(())))
    }
}

impl Reader {
    /// The next frame; none once the connection has ended.
    pub async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(Frame { kind: head[3], flags: head[4], payload })
    }

    /// Reads to the end or until `done`, at most for `limit`.
    pub async fn rest(&mut self, limit: Duration, done: fn(&End) -> bool) -> End {
        let mut end = End::default();
        let all = async {
            while let Some(frame) = self.next().await {
                match frame.kind {
                    GOAWAY => end.goaway = Some(frame.code()),
                    RST_STREAM => end.resets.push(frame.code()),
                    HEADERS => end.answers += 1,
                    SETTINGS | PING if frame.flags & ACK == ACK => end.acknowledged += 1,
                    _ => {}
                }
                if done(&end) {
                    return false;
                }
            }
            true
        };
        end.closed = timeout(limit, all).await.unwrap_or(false);
        end
    }
}

/// How a connection went.
#[derive(Debug, Default)]
pub struct End {
    pub closed: bool,
    pub goaway: Option<u32>,
    pub resets: Vec<u32>,
    pub answers: usize,
    pub acknowledged: usize,
}
