//! Handshakes: who gets in, with which limits and which certificate.

use super::*;

/// HTTP/2 settings identifiers.
const MAX_CONCURRENT_STREAMS: u16 = 3;
const MAX_HEADER_LIST_SIZE: u16 = 6;

/// The server's first frame, which must be its settings.
async fn settings(running: &Running, client: Option<()>) -> Vec<(u16, u32)> {
    let mut stream = running.connect("h2", client).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "a SETTINGS frame");
    let mut payload = vec![0; usize::from(head[2]) + (usize::from(head[1]) << 8)];
    stream.read_exact(&mut payload).await.unwrap();
    let setting = |entry: &[u8]| {
        (
            u16::from_be_bytes([entry[0], entry[1]]),
            u32::from_be_bytes([entry[2], entry[3], entry[4], entry[5]]),
        )
    };
    payload.chunks_exact(6).map(setting).collect()
}

#[tokio::test]
async fn a_front_gets_wider_limits_than_others() {
    let running = start(log_of(&["a"], 10), limits()).await;
    for (client, streams, headers) in [(None, 250, 64 << 10), (Some(()), 10_000, 1 << 20)] {
        let settings = settings(&running, client).await;
        assert!(settings.contains(&(MAX_CONCURRENT_STREAMS, streams)), "{settings:?}");
        assert!(settings.contains(&(MAX_HEADER_LIST_SIZE, headers)), "{settings:?}");
    }
}

#[tokio::test]
async fn a_front_may_send_more_headers_than_others() {
    let running = start(log_of(&["a"], 10), limits()).await;
    let many: String = (0..300).map(|at| format!("x-{at}: y\r\n")).collect();
    for (client, expected) in [(None, "HTTP/1.1 431"), (Some(()), "HTTP/1.1 200")] {
        let mut stream = running.connect("http/1.1", client).await.unwrap();
        let request = format!("GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{many}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with(expected), "{answer}");
    }
}

#[tokio::test]
async fn plain_http_is_refused_and_nobody_else_notices() {
    let running = start(log_of(&["a"], 10), limits()).await;
    let mut plain = TcpStream::connect(running.address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _how_it_ended = tokio::time::timeout(SOON, plain.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"));
    assert_eq!(running.metrics.tls_handshake_errors.get(), 1);
    let mut stream = running.http1().await;
    assert!(get(&mut stream, "/readyz").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_new_certificate_reaches_new_connections_and_leaves_the_old_ones() {
    let running = start(log_of(&["a"], 10), limits()).await;
    let mut old = running.http1().await;
    let (chain, key) = identity();
    running.certificate.replace(vec![chain.clone()], key).unwrap();
    // Connecting succeeds only with the certificate that is trusted: the new one.
    let new = running.http1().await;
    assert_eq!(new.get_ref().1.peer_certificates().unwrap()[0], chain);
    assert!(get(&mut old, "/readyz").await.starts_with("HTTP/1.1 200"));

    let (_, other_key) = identity();
    assert!(running.certificate.replace(vec![identity().0], other_key).is_err(), "a key of another");
    assert_eq!(running.certificate.chain(), vec![chain]);
}

#[tokio::test]
async fn a_tunnel_closes_the_connection() {
    let running = start(log_of(&["a"], 10), limits()).await;
    let mut stream = running.http1().await;
    stream.write_all(b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn connections_over_the_limit_are_closed() {
    let running = start(log_of(&["a"], 10), Limits { connections: 1, ..limits() }).await;
    let mut first = running.http1().await;
    assert!(running.connect("http/1.1", None).await.is_err());
    assert_eq!(running.metrics.connections_refused.get(), 1);
    assert!(get(&mut first, "/readyz").await.starts_with("HTTP/1.1 200"));
}
