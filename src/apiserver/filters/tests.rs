//! Requests through the whole stack: who gets what, and with which headers.

use std::time::Duration;

use axum::body::to_bytes;
use http::{HeaderMap, Request, header};
use serde_json::Value;

use super::*;
use crate::apiserver::{
    server::Limits,
    testing::{COLLECTION, connection, limits, log_of, request, server},
};

mod workspaces;

fn service(limits: Limits) -> Service {
    server(log_of(&["a", "b"], 10), limits).into_service()
}

async fn send(service: &Service, request: Request<axum::body::Body>) -> (u16, HeaderMap, String) {
    let response = service.answer(&connection(), Box::new(request)).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn code(service: &Service, method: &str, uri: &str, user: &str) -> u16 {
    send(service, request(method, uri, user)).await.0
}

#[tokio::test]
async fn who_gets_what() {
    let service = service(limits());
    let one = format!("{COLLECTION}/a");
    for (user, uri, expected) in [
        ("", "/readyz", 200),
        ("", "/livez?verbose", 200),
        ("", "/livez/ping", 401),
        ("", "/apis", 401),
        ("", "/nothing", 401),
        ("", one.as_str(), 401),
        ("nobody", "/apis", 200),
        ("nobody", "/apis/views.example.io/v1alpha1", 200),
        ("nobody", "/openapi/v3", 200),
        ("nobody", "/version", 200),
        ("nobody", "/apis/other", 404),
        ("nobody", "/", 403),
        ("nobody", "/metrics", 403),
        ("nobody", "/livez/ping", 403),
        ("nobody", one.as_str(), 403),
        ("nobody", "/apis/other/v1/secrets/a", 403),
        ("front", "/apis", 200),
        ("front", "/openapi/v2", 200),
        ("front", "/livez/ping", 200),
        ("front", "/metrics", 401),
        ("front", one.as_str(), 401),
        ("jane", one.as_str(), 200),
        ("jane", COLLECTION, 200),
        ("jane", "/", 200),
        ("jane", "/metrics", 200),
        ("jane", "/livez/ping", 200),
        ("jane", "/livez/pong", 404),
        ("jane", "/nothing", 404),
        ("jane", "/api", 404),
        ("unlucky", one.as_str(), 503),
        ("unlucky", "/apis", 200),
        ("jane", "/clusters/root:a/apis", 404),
        ("jane", "/clusters/*/readyz", 404),
    ] {
        assert_eq!(code(&service, "GET", uri, user).await, expected, "{user} {uri}");
    }
}

#[tokio::test]
async fn paths_and_methods_of_a_resource() {
    let service = service(limits());
    for (method, path, expected) in [
        ("GET", "/apis/views.example.io/v1alpha1/others", 404),
        ("GET", "/apis/views.example.io/v1/things", 404),
        ("GET", "{things}/missing", 404),
        ("GET", "{things}/a/status", 404),
        ("GET", "/apis/views.example.io/v1alpha1/namespaces/n/things", 404),
        ("POST", "{things}", 405),
        ("PUT", "{things}/a", 405),
        ("DELETE", "{things}", 405),
        ("BREW", "{things}", 405),
        ("POST", "/apis", 405),
        ("POST", "/readyz", 405),
        ("POST", "/metrics", 405),
        ("POST", "/nothing", 404),
    ] {
        let uri = path.replace("{things}", COLLECTION);
        let (code, headers, body) = send(&service, request(method, &uri, "jane")).await;
        assert_eq!(code, expected, "{method} {uri}");
        assert_eq!(headers.get(header::ALLOW).is_some(), code == 405, "{method} {uri}");
        let status: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status["kind"], "Status");
        assert_eq!(body.matches('\n').count(), 1, "one line");
    }
}

#[tokio::test]
async fn a_head_has_the_headers_of_a_get() {
    let service = service(limits());
    let uri = format!("{COLLECTION}/a");
    let (_, get, body) = send(&service, request("GET", &uri, "jane")).await;
    let (code, head, nothing) = send(&service, request("HEAD", &uri, "jane")).await;
    assert_eq!((code, nothing.as_str()), (200, ""));
    assert_eq!(head[header::CONTENT_TYPE], get[header::CONTENT_TYPE]);
    assert_eq!(head[header::CONTENT_LENGTH].to_str().unwrap(), body.len().to_string());
}

#[tokio::test]
async fn headers_of_every_answer() {
    let service = service(limits());
    for (uri, user) in [("/apis/other", "jane"), ("/apis", ""), (COLLECTION, "jane"), ("/readyz", "")] {
        let (_, headers, _) = send(&service, request("GET", uri, user)).await;
        assert_eq!(headers["audit-id"].len(), 36, "{uri}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache, private", "{uri}");
    }
    let mut given = request("GET", "/apis", "jane");
    given.headers_mut().insert("audit-id", "given".parse().unwrap());
    assert_eq!(send(&service, given).await.1["audit-id"], "given");
}

#[tokio::test]
async fn impersonation_is_refused() {
    let service = service(limits());
    for name in ["impersonate-user", "impersonate-extra-scopes"] {
        let mut claiming = request("GET", "/apis", "jane");
        claiming.headers_mut().insert(name, "admin".parse().unwrap());
        let (code, _, body) = send(&service, claiming).await;
        assert_eq!(code, 403);
        assert!(body.contains("Impersonate-* headers are not served here"), "{body}");
    }
}

#[tokio::test]
async fn nothing_is_upgraded() {
    let service = service(limits());
    for protocol in ["websocket", "SPDY/3.1", "h2c"] {
        let mut upgrading = request("GET", "/version", "jane");
        upgrading.headers_mut().insert(header::UPGRADE, protocol.parse().unwrap());
        let (code, headers, body) = send(&service, upgrading).await;
        assert_eq!((code, headers[header::CONNECTION].as_bytes()), (400, &b"close"[..]), "{body}");
    }
}

#[tokio::test]
async fn the_words_of_a_403() {
    let (_, _, body) = send(&service(limits()), request("GET", &format!("{COLLECTION}/a"), "nobody")).await;
    let status: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        status["message"],
        r#"things.views.example.io "a" is forbidden: User "nobody" cannot get resource "things" in API group "views.example.io" at the cluster scope: no role"#
    );
    assert_eq!(
        status["details"],
        serde_json::json!({"name": "a", "group": "views.example.io", "kind": "things"})
    );
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_server_lives() {
    let service = service(limits());
    let (code, _, body) = send(&service, request("GET", COLLECTION, "panicker")).await;
    assert_eq!(code, 500);
    assert!(!body.contains("a bug"), "{body}");
    assert_eq!(self::code(&service, "GET", COLLECTION, "jane").await, 200);
}

#[tokio::test]
async fn a_tunnel_is_not_opened() {
    let mut connect = request("CONNECT", "example.com:443", "jane");
    connect.headers_mut().insert("x-user", "jane".parse().unwrap());
    let (code, headers, _) = send(&service(limits()), connect).await;
    assert_eq!(code, 400);
    assert_eq!(headers[header::CONNECTION], "close");
}

#[tokio::test(start_paused = true)]
async fn requests_end_in_time() {
    let service = service(limits());
    let started = tokio::time::Instant::now();
    let (code, _, body) = send(&service, request("GET", COLLECTION, "waiter")).await;
    assert_eq!((code, started.elapsed().as_secs()), (504, 60));
    assert!(body.contains("\"reason\":\"Timeout\""), "{body}");
    for (asked, expected) in [("5s", 5), ("5m", 60), ("0", 60), ("", 60)] {
        let started = tokio::time::Instant::now();
        let uri = format!("{COLLECTION}?timeout={asked}");
        assert_eq!(self::code(&service, "GET", &uri, "waiter").await, 504);
        assert_eq!(started.elapsed().as_secs(), expected, "{asked}");
    }
    assert_eq!(self::code(&service, "GET", &format!("{COLLECTION}?timeout=soon"), "jane").await, 400);
}

#[tokio::test]
async fn overload_sheds_requests_but_not_discovery() {
    let service = service(Limits { requests_in_flight: 1, ..limits() });
    let from = connection();
    let waiting = service.answer(&from, Box::new(request("GET", COLLECTION, "waiter")));
    let mut waiting = std::pin::pin!(waiting);
    assert!(futures::poll!(&mut waiting).is_pending());
    let (code, headers, _) = send(&service, request("GET", COLLECTION, "jane")).await;
    assert_eq!((code, headers[header::RETRY_AFTER].to_str().unwrap()), (429, "1"));
    for uri in ["/apis", "/openapi/v3", "/version", "/readyz"] {
        assert_eq!(self::code(&service, "GET", uri, "jane").await, 200, "{uri}");
    }
}

#[tokio::test]
async fn a_watch_gives_its_permit_back_once_it_runs_and_ends_with_the_server() {
    let server = server(log_of(&["a"], 10), Limits { requests_in_flight: 1, ..limits() });
    let watches = server.watches.clone();
    let service = server.into_service();
    let watch = request("GET", &format!("{COLLECTION}?watch=1"), "jane");
    let response = service.answer(&connection(), Box::new(watch)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(code(&service, "GET", COLLECTION, "jane").await, 200);

    let count = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name) && line.contains("verb=\"WATCH\""));
        line.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
    };
    let (_, _, text) = send(&service, request("GET", "/metrics", "jane")).await;
    assert_eq!(count(&text, "apiserver_longrunning_requests"), Some("1".to_owned()), "{text}");
    assert_eq!(count(&text, "apiserver_request_total"), None, "counted when it ends");
    watches.cancel();
    let read = tokio::time::timeout(Duration::from_secs(30), to_bytes(response.into_body(), 1 << 20));
    let events = read.await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&events).starts_with(r#"{"type":"ADDED""#));
    let (_, _, text) = send(&service, request("GET", "/metrics", "jane")).await;
    assert_eq!(count(&text, "apiserver_longrunning_requests"), Some("0".to_owned()));
    assert_eq!(count(&text, "apiserver_request_total"), Some("1".to_owned()));
}

#[tokio::test]
async fn reads_and_writes_in_flight_are_counted_apart() {
    let (service, from) = (server(log_of(&["a"], 10), limits()).into_service(), connection());
    let counts = async || {
        let (_, _, text) = send(&service, request("GET", "/metrics", "jane")).await;
        ["readOnly", "mutating"].map(|kind| {
            let name = format!("apiserver_current_inflight_requests{{request_kind=\"{kind}\"}} ");
            text.lines().find_map(|line| line.strip_prefix(&name)).map(str::to_owned)
        })
    };
    // The question itself is one that reads.
    assert_eq!(counts().await, [Some("1".to_owned()), Some("0".to_owned())]);
    let mut writing = std::pin::pin!(service.answer(&from, Box::new(request("POST", COLLECTION, "waiter"))));
    assert!(futures::poll!(&mut writing).is_pending());
    assert_eq!(counts().await, [Some("1".to_owned()), Some("1".to_owned())]);
    let mut reading = std::pin::pin!(service.answer(&from, Box::new(request("GET", COLLECTION, "waiter"))));
    assert!(futures::poll!(&mut reading).is_pending());
    assert_eq!(counts().await, [Some("2".to_owned()), Some("1".to_owned())]);
}
