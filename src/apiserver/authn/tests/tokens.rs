//! Bearer tokens: when they count, how long they are remembered, and how many are reviewed.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures::future::join_all;

use super::*;
use crate::apiserver::{authz::TokenAnswer, identity::User};

fn accepted(name: &str, audiences: &[&str]) -> TokenAnswer {
    let audiences = audiences.iter().map(|audience| (*audience).to_owned()).collect();
    TokenAnswer::Accepted { user: User { name: name.into(), ..User::default() }, audiences }
}

async fn with(rig: &Rig, authorization: &str) -> Result<String, StatusCode> {
    rig.name(&[], &[("Authorization", authorization)]).await
}

#[tokio::test(start_paused = true)]
async fn a_token_counts_after_certificates() {
    let rig = Rig::new();
    rig.fake.token("good", accepted("tom", &[]));
    let stray = Ca::new("stray").issue(&Leaf::default());
    let good = [("Authorization", "Bearer good"), ("X-Remote-User", "eve")];
    let bad = [("Authorization", "Bearer bad"), ("X-Remote-User", "eve")];
    let found = rig.ask(&[&stray], &good).await.unwrap();
    assert_eq!((found.via, found.user.name.as_str()), (Via::Token, "tom"));
    assert_eq!(found.user.groups, ["system:authenticated"]);
    assert_eq!(rig.name(&[&stray], &bad).await, Err(UNAUTHORIZED));
    let own = rig.client_ca.issue(&Leaf::default());
    assert_eq!(rig.name(&[&own], &bad).await.as_deref(), Ok("amy"));
    assert_eq!(rig.name(&[&rig.aggregator()], &good).await.as_deref(), Ok("eve"));
    let only_token = &bad[..1];
    assert_eq!(
        rig.name(&[&rig.aggregator()], only_token).await,
        Err(UNAUTHORIZED),
        "never less than the token"
    );
}

#[tokio::test(start_paused = true)]
async fn only_the_bearer_scheme_is_a_token() {
    let rig = Rig::new();
    rig.fake.token("good", accepted("tom", &[]));
    for (authorization, name) in [
        ("Bearer good", Ok("tom")),
        ("bearer good", Ok("tom")),
        ("  BEARER good more  ", Ok("tom")),
        ("Bearer", Err(UNAUTHORIZED)),
        ("Bearer  good", Err(UNAUTHORIZED)),
        ("Basic good", Err(UNAUTHORIZED)),
        ("good", Err(UNAUTHORIZED)),
    ] {
        assert_eq!(with(&rig, authorization).await.as_deref(), name.as_ref().copied(), "{authorization}");
    }
    assert_eq!(rig.fake.tokens_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn acceptance_and_rejection_hold_ten_seconds_and_failures_not_at_all() {
    let rig = Rig::new();
    rig.fake.break_down(true);
    assert_eq!(with(&rig, "Bearer t").await, Err(StatusCode::SERVICE_UNAVAILABLE));
    rig.fake.break_down(false);
    assert_eq!(with(&rig, "Bearer t").await, Err(UNAUTHORIZED));
    rig.fake.token("t", accepted("tom", &[]));
    tokio::time::advance(Duration::from_millis(9_999)).await;
    assert_eq!(with(&rig, "Bearer t").await, Err(UNAUTHORIZED));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(with(&rig, "Bearer t").await.as_deref(), Ok("tom"));
    rig.fake.token("t", TokenAnswer::Rejected);
    tokio::time::advance(Duration::from_millis(9_999)).await;
    assert_eq!(with(&rig, "Bearer t").await.as_deref(), Ok("tom"));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(with(&rig, "Bearer t").await, Err(UNAUTHORIZED));
    assert_eq!(rig.fake.tokens_asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_not_remembered_beyond_its_own_expiry() {
    let rig = Rig::new();
    let claims = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{}}}"#, NOW + 3));
    let token = format!("h.{claims}.s");
    rig.fake.token(&token, accepted("tom", &[]));
    let authorization = format!("Bearer {token}");
    assert_eq!(with(&rig, &authorization).await.as_deref(), Ok("tom"));
    rig.fake.token(&token, TokenAnswer::Rejected);
    tokio::time::advance(Duration::from_millis(2_999)).await;
    assert_eq!(with(&rig, &authorization).await.as_deref(), Ok("tom"));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(with(&rig, &authorization).await, Err(UNAUTHORIZED));
}

#[tokio::test(start_paused = true)]
async fn a_token_for_somebody_else_is_refused() {
    let fake = Fake::new();
    let limits = TokenLimits { audiences: vec!["tmc".into()], ..TokenLimits::default() };
    let authenticator = RequestAuthenticator::new(fake.clone(), limits, system_clock());
    for (token, audiences, good) in [("a", &["tmc"][..], true), ("b", &["other"], false), ("c", &[], false)] {
        fake.token(token, accepted("tom", audiences));
        let headers = headers(&[("Authorization", &format!("Bearer {token}"))]);
        let found = authenticator.authenticate(&connection(&[]), &headers).await;
        assert_eq!(found.is_ok(), good, "{token}");
    }
}

#[tokio::test(start_paused = true)]
async fn equal_tokens_share_one_review() {
    let rig = Rig::new();
    rig.fake.token("good", accepted("tom", &[]));
    rig.fake.delay(Duration::from_secs(1));
    let all = join_all((0..100).map(|_| with(&rig, "Bearer good"))).await;
    assert!(all.iter().all(|name| name.as_deref() == Ok("tom")));
    assert_eq!(rig.fake.tokens_asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_made_up_tokens_stays_here_and_harms_no_other_peer() {
    let rig = Rig::new();
    rig.fake.token("good", accepted("tom", &[]));
    let mut refused = 0;
    for n in 0..10_000 {
        refused += usize::from(
            with(&rig, &format!("Bearer made-up-{n}")).await == Err(StatusCode::TOO_MANY_REQUESTS),
        );
    }
    let asked = rig.fake.tokens_asked();
    assert!(asked <= 100, "{asked} reviews");
    assert_eq!(refused, 10_000 - asked);
    let honest = Connection::new("192.0.2.2:1".parse().unwrap(), Arc::from(Vec::new()));
    let found = rig.authenticator.authenticate(&honest, &headers(&[("Authorization", "Bearer good")])).await;
    assert_eq!(found.unwrap().user.name, "tom");
}
