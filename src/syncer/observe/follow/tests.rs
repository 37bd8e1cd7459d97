//! When a resource is left alone, tried again, and given up in words. Time is paused.

use tokio::time::advance;

use super::*;

fn running(following: &mut Following) {
    let relist = crate::informers::Relist::default();
    following.started(Running { stop: CancellationToken::new(), relist });
}

fn forbidden() -> Trouble {
    Trouble::Status(StatusCode::FORBIDDEN, None)
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_tried_ever_less_often() {
    let pace = Pace::default();
    let mut following = Following::new();
    for (least, most) in [(30, 33), (60, 66), (120, 132), (240, 264), (300, 330), (300, 330)] {
        assert!(following.is_due());
        running(&mut following);
        following.is_in(forbidden(), &pace);
        // Told twice, paused once.
        following.is_in(forbidden(), &pace);
        assert!(!following.is_due(), "its source has not ended");
        following.ended();
        let wait = following.wake().unwrap() - Instant::now();
        assert!((least..=most).contains(&wait.as_secs()), "{wait:?}");
        advance(wait).await;
    }
    running(&mut following);
    assert!(following.is_well(true) && !following.is_well(true));
    following.is_in(forbidden(), &pace);
    following.ended();
    assert!(following.wake().unwrap() - Instant::now() < Duration::from_secs(34));
}

#[tokio::test(start_paused = true)]
async fn it_is_unreadable_only_when_somebody_said_so_and_meant_it() {
    let pace = Pace::default();
    let unavailable = || Trouble::Status(StatusCode::SERVICE_UNAVAILABLE, None);
    for (listed, trouble, after) in [
        (false, forbidden(), Some(0)),
        (false, Trouble::NotInstalled, Some(0)),
        (false, unavailable(), Some(60)),
        (true, forbidden(), Some(60)),
        (true, Trouble::Desync("nonsense"), Some(60)),
        (true, Trouble::Unreachable, None),
        (false, Trouble::Timeout, None),
        (false, Trouble::Cut, None),
    ] {
        let mut following = Following::new();
        running(&mut following);
        if listed {
            following.is_well(true);
        }
        following.is_in(trouble.clone(), &pace);
        if after != Some(0) {
            assert_eq!(following.unreadable(), None, "{trouble:?}");
        }
        advance(Duration::from_secs(59)).await;
        assert_eq!(following.unreadable().is_some(), after == Some(0), "{trouble:?}");
        // The same again does not begin anew.
        following.is_in(trouble.clone(), &pace);
        advance(Duration::from_secs(1)).await;
        assert_eq!(following.unreadable().is_some(), after.is_some(), "{trouble:?}");
        assert_eq!(following.is_settled(), listed || after.is_some());
        assert!(following.is_well(false) && following.unreadable().is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_waits_for_the_end_of_what_runs() {
    let mut following = Following::new();
    running(&mut following);
    following.restart();
    assert!(
        !following.is_due() && following.running.as_ref().is_some_and(|running| running.stop.is_cancelled())
    );
    following.ended();
    assert!(following.is_due());
}
