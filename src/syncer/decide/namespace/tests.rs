//! A namespace goes last, and only when it is ours and nothing at all is in it.

use proptest::prelude::*;

use super::*;
use crate::syncer::decide::tests::allowed;

fn empty() -> Situation<'static> {
    Situation {
        permission: allowed(),
        below: Seen::Present(Below {
            uid: "n",
            resource_version: "7",
            deleting: false,
            ours: true,
            damaged: false,
        }),
        wanted: 0,
        owned: 0,
        empty_for: Some(DELAY),
        content: None,
    }
}

fn below(change: impl FnOnce(&mut Below<'static>)) -> Situation<'static> {
    let mut situation = empty();
    if let Seen::Present(below) = &mut situation.below {
        change(below);
    }
    situation
}

#[test]
fn an_empty_namespace_is_looked_into_and_deleted() {
    let young = Situation { empty_for: Some(DELAY / 3), ..empty() };
    assert_eq!(decide(&young), Step::Wait(DELAY / 3 * 2));
    assert_eq!(decide(&empty()), Step::Look);
    let looked = Situation { content: Some((Content::Empty, Duration::ZERO)), ..empty() };
    assert_eq!(decide(&looked), Step::Delete { uid: "n".into(), resource_version: "7".into() });
    let stale = Situation { content: Some((Content::Empty, Duration::from_secs(1))), ..empty() };
    assert_eq!(decide(&stale), Step::Look);
    for found in [Content::Holds("pods".into()), Content::Unknown("pods".into())] {
        let full = Situation { content: Some((found, Duration::from_secs(100))), ..empty() };
        assert_eq!(decide(&full), Step::Wait(Duration::from_secs(200)));
    }
}

#[test]
fn what_is_damaged_is_put_right_and_what_is_not_ours_left_alone() {
    assert_eq!(decide(&below(|below| below.damaged = true)), Step::Repair);
    assert_eq!(decide(&below(|below| below.ours = false)), Step::Nothing);
    assert_eq!(decide(&below(|below| below.deleting = true)), Step::Nothing);
}

proptest! {
    #[test]
    fn nothing_but_an_empty_namespace_of_ours_is_deleted(
        flags in any::<[bool; 9]>(),
        wanted in 0_usize..2,
        owned in 0_usize..2,
        seconds in prop::option::of(0_u64..60),
        found in 0_u8..4,
    ) {
        let [lease, paused, dry_run, detaching, reachable, sweep, ours, deleting, damaged] = flags;
        let content = match found {
            0 => None,
            1 => Some(Content::Empty),
            2 => Some(Content::Holds("pods".into())),
            _ => Some(Content::Unknown("pods".into())),
        };
        let mut situation = below(|below| *below = Below { ours, deleting, damaged, ..below.clone() });
        situation.permission = Permission { lease, paused, dry_run, detaching, reachable, sweep, ..Permission::default() };
        situation.wanted = wanted;
        situation.owned = owned;
        situation.empty_for = seconds.map(Duration::from_secs);
        situation.content = content.map(|content| (content, Duration::ZERO));
        if let Step::Delete { .. } = decide(&situation) {
            prop_assert!(lease && !paused && !dry_run && !detaching && reachable && sweep && ours && !deleting);
            prop_assert_eq!((wanted, owned, found), (0, 0, 1));
            prop_assert!(situation.empty_for >= Some(DELAY));
        }
    }
}
