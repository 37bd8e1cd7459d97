//! Which lines are written at which verbosity, and how.

use std::{io, sync::Arc};

use parking_lot::Mutex;

use super::*;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(options: &Options, emit: impl FnOnce()) -> String {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber = Registry::default().with(logs(options, move || writer.clone()));
    tracing::subscriber::with_default(subscriber, emit);
    let bytes = buffer.0.lock().clone();
    String::from_utf8(bytes).unwrap()
}

fn at(verbosity: u8) -> Options {
    Options { verbosity, ..Options::default() }
}

#[test]
fn verbosity_opens_our_own_levels_only() {
    let emit = || {
        tracing::info!(target: "tmc::views", "our info");
        tracing::debug!(target: "tmc::views", "our debug");
        tracing::trace!(target: "tmc::views", "our trace");
        tracing::info!(target: "hyper::proto", "their info");
        tracing::warn!(target: "rustls::conn", "their warning");
        tracing::error!(target: "kube_client::client", "a body");
    };
    for (verbosity, ours) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (10, 3)] {
        let text = logged(&at(verbosity), emit);
        assert_eq!(text.matches("our ").count(), ours, "-v {verbosity}: {text}");
        assert!(text.contains("their warning"), "{text}");
        assert!(!text.contains("their info") && !text.contains("a body"), "{text}");
    }
}

#[test]
fn json_lines_are_flat_objects() {
    let options = Options { format: "json".parse().unwrap(), ..at(2) };
    let text = logged(&options, || tracing::info!(target: "tmc", count = 3, "counted"));
    let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(line["message"], "counted");
    assert_eq!(line["count"], 3);
    assert_eq!(line["level"], "INFO");
}

#[test]
fn unknown_formats_name_the_flag() {
    let error = "xml".parse::<LogFormat>().unwrap_err();
    assert_eq!(error.to_string(), "--log-format: \"xml\" is neither text nor json");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_spans_leave_when_the_guard_is_dropped() {
    use opentelemetry::trace::Tracer;
    use tokio::io::AsyncReadExt;

    let collector = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let provider = provider(&endpoint).unwrap();
    provider.tracer("test").in_span("a request", |_| {});
    let dropped = tokio::task::spawn_blocking(move || drop(Telemetry(Some(provider))));
    let (mut stream, _) = collector.accept().await.unwrap();
    let mut preface = [0; 14];
    stream.read_exact(&mut preface).await.unwrap();
    assert_eq!(&preface, b"PRI * HTTP/2.0");
    drop(stream);
    drop(collector);
    dropped.await.unwrap();
}

#[tokio::test]
async fn an_endpoint_that_is_no_url_names_the_flag() {
    let error = provider("not a url").unwrap_err();
    assert_eq!(error.to_string(), "--otlp-endpoint: cannot use not a url");
}

#[test]
fn endpoints() {
    for good in ["http://127.0.0.1:4317", "http://collector.example.com:4317/", "http://[::1]:4317"] {
        assert_eq!(endpoint(good).as_deref(), Ok(good));
    }
    for bad in
        ["", "garbage", "127.0.0.1:4317", "https://collector:4317", "http://", "http://:4317", "a b", "/x"]
    {
        assert!(endpoint(bad).is_err_and(|said| said.contains("http://127.0.0.1:4317")), "{bad}");
    }
}
