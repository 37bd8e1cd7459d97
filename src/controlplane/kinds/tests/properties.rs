//! Properties of every strategy, on the recorded objects and on changes of them.

use super::*;

#[test]
fn defaulting_twice_changes_nothing() {
    for case in cases() {
        let strategy = strategy(case["kind"].as_str().unwrap());
        for body in [&case["create"], &case["update"], &case["created"]] {
            if let Ok(once) = received(&*strategy, body).as_mut() {
                let mut twice = once.clone();
                strategy.default(&mut twice);
                assert_eq!(*once, twice, "{body}");
            }
        }
    }
}
