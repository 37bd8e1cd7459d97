//! What is reported of syncing itself.

use super::*;
use crate::syncer::facts::Buckets;

#[test]
fn syncing_is_called_failed_when_enough_fails_for_long_enough() {
    let of = |buckets: Buckets| Progress {
        rows: [(kind("apps", "deployments"), buckets)].into(),
        complete: true,
        ..Progress::default()
    };
    let minute = Some(Duration::from_secs(60));
    let short = Some(Duration::from_secs(59));
    let few = of(Buckets { synced: 96, error: 2, conflict: 2, ..Buckets::default() });
    let errors = of(Buckets { synced: 95, error: 3, conflict: 2, ..Buckets::default() });
    let conflicts = of(Buckets { synced: 3, conflict: 1, ..Buckets::default() });
    let oldest = |seconds| Progress { oldest: Some(Duration::from_secs(seconds)), ..of(Buckets::default()) };
    let held = Progress { deletions_paused: Some("30 of 90".into()), ..errors.clone() };
    let contended = Progress { contended: vec!["x".into()], ..of(Buckets::default()) };
    let partly =
        Progress { paused: [(kind("", "secrets"), "forbidden".into())].into(), ..of(Buckets::default()) };
    let cases = [
        (of(Buckets::default()), None, "True ResourcesSynced"),
        (few, minute, "True ResourcesSynced"),
        (errors.clone(), short, "True ResourcesSynced"),
        (errors.clone(), minute, "False SyncErrors"),
        (conflicts, minute, "False Conflicts"),
        (oldest(120), None, "True ResourcesSynced"),
        (oldest(121), None, "False Backlog"),
        (held, short, "False DeletionsPaused"),
        (contended, None, "False FieldContention"),
        (partly, None, "False SyncErrors"),
        (Progress::default(), None, "Unknown CachesNotSynced"),
    ];
    for (progress, failing, expected) in cases {
        let counts = counts();
        let facts = Facts { failing, ..facts(&counts, Some(&progress)) };
        let first = status(&facts, &Value::Null, now());
        assert_eq!(says(&first, "ResourcesSynced"), expected, "{progress:?}");
    }
    // A syncer that takes over need not wait again for what was said before.
    let counts = counts();
    let said = status(&Facts { failing: minute, ..facts(&counts, Some(&errors)) }, &Value::Null, now());
    let again = status(&Facts { failing: None, ..facts(&counts, Some(&errors)) }, &said, now());
    assert_eq!(says(&again, "ResourcesSynced"), "False SyncErrors");
}

#[test]
fn a_total_is_the_sum_of_its_parts() {
    let buckets = Buckets { synced: 1, pending: 2, error: 3, conflict: 4, drifted: 5, deleting: 6 };
    let rows = [(kind("apps", "deployments"), buckets), (kind("batch", "jobs"), Buckets::default())].into();
    let progress = Progress {
        rows,
        complete: true,
        problems: vec![problem("ship"), problem("pay")],
        ..Progress::default()
    };
    let counts = counts();
    let status = status(&facts(&counts, Some(&progress)), &Value::Null, now());
    let row = |resource: &str| {
        let rows = status["resources"].as_array().unwrap();
        rows.iter().find(|row| row["resource"] == resource).cloned().unwrap()
    };
    assert_eq!(row("deployments")["total"], 21);
    assert_eq!(
        (row("deployments")["drifted"].clone(), row("deployments")["ready"].clone()),
        (json!(5), json!(2))
    );
    assert_eq!(row("jobs")["total"], 0);
    assert!(row("services")["synced"].is_null(), "it is not synced");
    let names: Vec<_> =
        status["problems"].as_array().unwrap().iter().map(|problem| &problem["name"]).collect();
    assert_eq!(names, ["ship", "pay"], "each once");
}
