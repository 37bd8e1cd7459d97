//! How much of anything a caller, a connection and the whole server may take. Data only.

use std::time::Duration;

/// The limits of a server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// More are closed as soon as they are accepted.
    pub connections: usize,
    pub requests_in_flight: usize,
    /// For requests that are not watches.
    pub request_timeout: Duration,
    /// Between failing readiness and closing the listener.
    pub shutdown_delay: Duration,
    /// For what is still open after the listener closed.
    pub drain: Duration,
    pub deadlines: Deadlines,
    /// Connections whose certificate is a trusted front's, which carry the requests of many users.
    pub front: Protocol,
    pub others: Protocol,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            requests_in_flight: 400,
            request_timeout: Duration::from_secs(60),
            shutdown_delay: Duration::from_secs(5),
            drain: Duration::from_secs(60),
            deadlines: Deadlines::default(),
            front: Protocol {
                streams: 10_000,
                pending_resets: 10_000,
                local_resets: None,
                header_bytes: 1 << 20,
                header_lines: Some(4096),
            },
            others: Protocol {
                streams: 250,
                pending_resets: 20,
                local_resets: Some(1024),
                header_bytes: 64 << 10,
                header_lines: None,
            },
        }
    }
}

/// How long a peer may keep us waiting.
#[derive(Clone, Debug)]
pub struct Deadlines {
    pub handshake: Duration,
    /// From the first byte of a request to the end of its headers.
    pub headers: Duration,
    /// A connection without a request.
    pub idle: Duration,
    /// A peer that reads nothing of what we have for it.
    pub stall: Duration,
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(90),
            stall: Duration::from_secs(60),
            ping_interval: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(10),
        }
    }
}

impl Deadlines {
    /// How often a connection is judged by them.
    pub(super) fn tick(&self) -> Duration {
        (self.headers.min(self.idle).min(self.stall) / 4).max(Duration::from_millis(10))
    }
}

/// What HTTP allows one connection.
#[derive(Clone, Debug)]
pub struct Protocol {
    pub streams: u32,
    /// Streams the peer reset before we took them up.
    pub pending_resets: usize,
    /// Streams we reset for the peer's errors, over the connection's life. `None`: not counted.
    pub local_resets: Option<usize>,
    pub header_bytes: u32,
    /// On HTTP/1. `None`: as many as hyper has room for without asking for memory, which is 100.
    pub header_lines: Option<usize>,
}
