//! What is asked upstream, how often, and what is remembered.

pub mod fake;

use std::{sync::Arc, time::Duration};

use futures::future::join_all;

use super::*;
use crate::apiserver::identity::Target;
use fake::{Fake, question, user};

const TTL: Duration = Duration::from_secs(10);

fn authorizer(fake: &Arc<Fake>) -> CachedAuthorizer {
    CachedAuthorizer::new(fake.clone(), ReviewLimits::default())
}

#[tokio::test(start_paused = true)]
async fn allow_and_deny_hold_ten_seconds_and_no_longer() {
    let fake = Fake::new();
    fake.grant("amy", "get", "a");
    let authorizer = authorizer(&fake);
    for name in ["a", "b"] {
        let question = question(&user("amy"), "get", name);
        let allowed = name == "a";
        let may = async || authorizer.authorize(&question).await.unwrap() == Decision::Allow;
        let before = fake.asked();
        assert_eq!(may().await, allowed);
        tokio::time::advance(TTL - Duration::from_millis(1)).await;
        fake.toggle("amy", "get", name);
        assert_eq!(may().await, allowed, "{name} is remembered");
        assert_eq!(fake.asked(), before + 1);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(may().await, !allowed, "{name} is asked anew");
        assert_eq!(fake.asked(), before + 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_counts_from_the_question() {
    let fake = Fake::new();
    fake.grant("amy", "get", "a");
    fake.delay(Duration::from_secs(4));
    let authorizer = authorizer(&fake);
    let question = question(&user("amy"), "get", "a");
    authorizer.authorize(&question).await.unwrap();
    tokio::time::advance(Duration::from_millis(5_999)).await;
    authorizer.authorize(&question).await.unwrap();
    assert_eq!(fake.asked(), 1);
    tokio::time::advance(Duration::from_millis(1)).await;
    authorizer.authorize(&question).await.unwrap();
    assert_eq!(fake.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn failures_are_503_and_never_remembered() {
    let fake = Fake::new();
    fake.grant("amy", "get", "a");
    let authorizer = authorizer(&fake);
    let question = question(&user("amy"), "get", "a");
    fake.break_down(true);
    for _ in 0..3 {
        let error = authorizer.authorize(&question).await.unwrap_err();
        assert_eq!(error.code, http::StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(error.details.unwrap().retry_after_seconds, Some(1));
    }
    assert_eq!(fake.asked(), 3);
    fake.break_down(false);
    assert_eq!(authorizer.authorize(&question).await, Ok(Decision::Allow));
}

#[tokio::test(start_paused = true)]
async fn equal_questions_share_one_review_also_when_the_old_answer_is_too_old() {
    let fake = Fake::new();
    fake.delay(Duration::from_secs(1));
    let authorizer = authorizer(&fake);
    let question = question(&user("amy"), "get", "a");
    for round in 1..=2 {
        join_all((0..100).map(|_| authorizer.authorize(&question))).await;
        assert_eq!(fake.asked(), round);
        tokio::time::advance(TTL).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_field_is_part_of_the_question() {
    let fake = Fake::new();
    let authorizer = authorizer(&fake);
    let base = question(&user("amy"), "get", "a");
    let with_user = |change: fn(&mut User)| {
        let mut user = (*base.user).clone();
        change(&mut user);
        Attributes { user: Arc::new(user), ..base.clone() }
    };
    let with_target = |change: fn([&mut String; 6])| {
        let mut other = base.clone();
        if let Target::Resource { group, version, resource, subresource, namespace, name } =
            Arc::make_mut(&mut other.target)
        {
            change([group, version, resource, subresource, namespace, name]);
        }
        other
    };
    let path = Target::NonResource { path: "/metrics".into() };
    let all = [
        base.clone(),
        with_user(|user| user.name.push('x')),
        with_user(|user| user.uid.push('x')),
        with_user(|user| user.groups.push("x".into())),
        with_user(|user| user.groups.push("xy".into())),
        with_user(|user| user.groups.extend(["x".into(), "y".into()])),
        with_user(|user| drop(user.extra.insert("x".into(), vec![]))),
        Attributes { verb: "list".into(), ..base.clone() },
        Attributes { scope: crate::apiserver::scope::Scope::Id("x".into()), ..base.clone() },
        Attributes { target: path.into(), ..base.clone() },
        with_target(|[group, ..]| group.push('x')),
        with_target(|[_, version, ..]| version.push('x')),
        with_target(|[_, _, resource, ..]| resource.push('x')),
        with_target(|[_, _, _, subresource, ..]| subresource.push('x')),
        with_target(|[.., namespace, _]| namespace.push('x')),
        with_target(|[.., name]| name.push('x')),
    ];
    for question in &all {
        authorizer.authorize(question).await.unwrap();
    }
    assert_eq!(fake.asked(), all.len());
}

#[tokio::test(start_paused = true)]
async fn system_masters_are_asked_about_too() {
    let fake = Fake::new();
    let root = User { name: "root".into(), groups: vec!["system:masters".into()], ..User::default() };
    let question = question(&Arc::new(root), "get", "a");
    assert!(matches!(authorizer(&fake).authorize(&question).await, Ok(Decision::Deny { .. })));
    assert_eq!(fake.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn at_most_fifty_requests_are_upstream_and_a_stuck_reviewer_is_a_503() {
    let fake = Fake::new();
    fake.delay(Duration::from_secs(3600));
    let authorizer = authorizer(&fake);
    let amy = user("amy");
    let names: Vec<String> = (0..200).map(|n| format!("row-{n}")).collect();
    let ask = names.iter().map(|name| {
        let question = question(&amy, "get", name);
        let authorizer = &authorizer;
        async move { tokio::time::timeout(PLACE_TIMEOUT * 2, authorizer.authorize(&question)).await }
    });
    let answers = join_all(ask).await;
    assert_eq!(fake.asked(), 50);
    let refused = answers.iter().filter(|answer| matches!(answer, Ok(Err(_)))).count();
    assert_eq!(refused, 150, "those without a place are told so");
}

#[tokio::test(start_paused = true)]
async fn a_zero_time_remembers_nothing() {
    let fake = Fake::new();
    let limits = ReviewLimits { ttl: Duration::ZERO, ..ReviewLimits::default() };
    let authorizer = CachedAuthorizer::new(fake.clone(), limits);
    let question = question(&user("amy"), "get", "a");
    authorizer.authorize(&question).await.unwrap();
    authorizer.authorize(&question).await.unwrap();
    assert_eq!(fake.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn turns_come_evenly_and_make_up_for_nothing() {
    let pace = Pace::per_second(50);
    tokio::time::advance(Duration::from_secs(60)).await;
    let begun = Instant::now();
    for _ in 0..51 {
        pace.turn().await;
    }
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    for _ in 0..1000 {
        pace.spend();
    }
    let begun = Instant::now();
    pace.turn().await;
    assert_eq!(begun.elapsed(), Duration::from_secs(1), "requests push back, but do not stop");
}
