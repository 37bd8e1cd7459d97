//! What many users with many watches cost upstream.

use futures::{StreamExt, stream::FuturesUnordered};

use super::*;
use crate::apiserver::identity::{Authorizer, Decision};

const USERS: usize = 200;
const NAMES: usize = 5;
const WATCHES_EACH: usize = 10;
const LIMIT: usize = 50;

struct FiveNames;

impl NameHints for FiveNames {
    fn names(&self, user: &User, _group: &str, _resource: &str) -> Option<Vec<String>> {
        let number: usize = user.name.strip_prefix("user-")?.parse().ok()?;
        Some((0..NAMES).map(|n| format!("root:{}", number * NAMES + n)).collect())
    }
}

fn rig() -> Rig {
    let names: Vec<String> = (0..USERS * NAMES).map(|n| format!("root:{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rig = Rig::hinted(&names, Some(Arc::new(FiveNames)));
    for number in 0..USERS {
        let name = format!("user-{number}");
        rig.fake.grant(&name, "watch", "");
        for row in FiveNames.names(&user(&name), "", "").unwrap() {
            rig.fake.grant(&name, "get", &row);
        }
    }
    rig
}

/// Opens all watches of one user through the door.
async fn open(rig: &Rig, number: usize) -> Vec<Arc<dyn Access>> {
    let name = format!("user-{number}");
    let mut watches = Vec::new();
    for _ in 0..WATCHES_EACH {
        let door = question(&user(&name), "watch", "");
        assert_eq!(rig.authorizer.authorize(&door).await, Ok(Decision::Allow));
        watches.push(rig.watch(&name).await);
    }
    watches
}

/// Opens every user's watches evenly over `time`, with the re-checks running, and then goes on for five minutes.
async fn open_all(rig: &Rig, time: Duration) -> Vec<Arc<dyn Access>> {
    let opening = async {
        let users: FuturesUnordered<_> = (0..USERS)
            .map(|number| async move {
                tokio::time::sleep(time.mul_f64(number as f64 / USERS as f64)).await;
                open(rig, number).await
            })
            .collect();
        let watches: Vec<_> = users.collect().await;
        tokio::time::sleep(300 * SECOND).await;
        watches.into_iter().flatten().collect()
    };
    tokio::select! {
        // The re-checks run before the first caller comes, as in a server.
        biased;
        () = rig.access.clone().run(rig.shutdown.clone()) => unreachable!("nobody shuts it down"),
        watches = opening => watches,
    }
}

#[tokio::test(start_paused = true)]
async fn two_thousand_watches_of_two_hundred_users_cost_fifty_reviews_a_second_from_the_start() {
    let rig = rig();
    let watches = open_all(&rig, 30 * SECOND).await;
    assert_eq!(watches.len(), USERS * WATCHES_EACH);
    let busiest = rig.fake.busiest_second();
    assert!(busiest <= LIMIT, "{busiest} reviews in one second");
    assert!(rig.fake.asked() >= 10 * USERS * (NAMES + 2), "every set was re-checked every 30 s");
    assert!(!watches.iter().any(has_changed));
}

#[tokio::test(start_paused = true)]
async fn all_at_once_the_re_checks_still_come_evenly_and_in_time() {
    let rig = rig();
    rig.fake.delay(Duration::from_millis(20));
    let watches = open_all(&rig, Duration::ZERO).await;
    rig.fake.forget();
    let run = rig.access.clone().run(rig.shutdown.clone());
    tokio::time::timeout(60 * SECOND, run).await.unwrap_err();
    let busiest = rig.fake.busiest_second();
    assert!(busiest <= LIMIT, "{busiest} reviews in one second");

    for number in 0..USERS {
        rig.fake.revoke(&format!("user-{number}"), "get", &format!("root:{}", number * NAMES));
    }
    let run = rig.access.clone().run(rig.shutdown.clone());
    tokio::time::timeout(45 * SECOND, run).await.unwrap_err();
    assert!(watches.iter().all(has_changed), "every watch of a changed set has ended");
}
