//! Answers of the endpoints, byte by byte.

use axum::body::to_bytes;

use super::*;

fn health() -> Health {
    Health::new(vec![Check::readiness("informer-sync", || false), Check::liveness("index", || true)])
}

async fn get(health: &Health, path: &str, query: &str) -> Option<(u16, String)> {
    let response = health.answer(path, query)?;
    let code = response.status().as_u16();
    let body = to_bytes(response.into_body(), 4096).await.unwrap();
    Some((code, String::from_utf8(body.to_vec()).unwrap()))
}

#[tokio::test]
async fn endpoints() {
    let health = health();
    let ok = |text: &str| Some((200, text.to_owned()));
    assert_eq!(get(&health, "/livez", "").await, ok("ok"));
    assert_eq!(get(&health, "/healthz", "").await, ok("ok"));
    assert_eq!(get(&health, "/livez", "verbose").await, ok("[+]ping ok\n[+]index ok\nlivez check passed\n"));
    assert_eq!(
        get(&health, "/readyz", "").await,
        Some((
            500,
            "[+]ping ok\n[-]informer-sync failed: reason withheld\n[+]index ok\n[+]shutdown ok\nreadyz check failed\n"
                .to_owned()
        ))
    );
    assert_eq!(get(&health, "/readyz", "exclude=informer-sync").await, ok("ok"));
    assert_eq!(
        get(&health, "/readyz", "verbose&exclude=informer-sync&exclude=nothing").await,
        ok("[+]ping ok\n[+]informer-sync excluded: ok\n[+]index ok\n[+]shutdown ok\n\
            warn: some health checks cannot be excluded: no such check\nreadyz check passed\n")
    );
}

#[tokio::test]
async fn single_checks() {
    let health = health();
    assert_eq!(get(&health, "/readyz/ping", "").await, Some((200, "ok".to_owned())));
    assert_eq!(get(&health, "/readyz/informer-sync", "").await.unwrap().0, 500);
    assert_eq!(get(&health, "/livez/informer-sync", "").await, None, "liveness does not know it");
    assert_eq!(get(&health, "/readyz/nothing", "").await, None);
}

#[tokio::test]
async fn stopping_fails_readiness_alone() {
    let health = Health::new(Vec::new());
    assert!(health.ready());
    health.stop();
    assert!(!health.ready());
    assert_eq!(get(&health, "/readyz", "").await.unwrap().0, 500);
    assert_eq!(get(&health, "/livez", "").await.unwrap().0, 200);
}
