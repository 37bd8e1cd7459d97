//! Kinds that are refused, vanish and come back, and objects in trouble.

use super::*;

fn widgets(version: &str) -> Kind {
    kind("x.io", version, "widgets", "Widget")
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_refused_is_named_and_pauses_no_other() {
    let cluster = Cluster::new(&[deployments(), config_maps()]);
    cluster.put(&config_maps(), "a", "one", Value::Null);
    cluster.refuse(&deployments(), Some(403));
    cluster.refuse(&nodes(), Some(403));
    Setup::new(&cluster)
        .run(async |mut counts| {
            let first = until(&mut counts, "complete", |counts| counts.complete).await;
            assert_eq!(row(&first, "configmaps"), count(1, None, 1));
            assert_eq!((row(&first, "deployments"), &first.nodes), (None, &None));
            let unreadable: Vec<_> = first.unreadable.keys().map(|name| name.resource.as_str()).collect();
            assert_eq!(unreadable, ["nodes", "deployments"]);
            // It is asked for less and less: 30, 60, 120, 240 and then every 300 s.
            let start = Instant::now();
            sleep(Duration::from_secs(3600)).await;
            let asked = cluster.asked_since(start);
            let asked = asked.iter().filter(|path| path.contains("deployments")).count();
            assert!((12..=15).contains(&asked), "{asked}");
            cluster.refuse(&deployments(), None);
            cluster.refuse(&nodes(), None);
            let granted = until(&mut counts, "granted", |counts| counts.unreadable.is_empty()).await;
            assert_eq!(row(&granted, "deployments"), count(0, Some(0), 0));
            assert!(granted.nodes.is_some());
            // Refused for a moment only: the number stays.
            counts.mark_unchanged();
            cluster.refuse(&deployments(), Some(403));
            sleep(Duration::from_secs(20)).await;
            cluster.refuse(&deployments(), None);
            sleep(Duration::from_secs(600)).await;
            assert!(!counts.has_changed().unwrap());
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_vanishes_is_named_and_comes_back_in_another_version() {
    let cluster = Cluster::new(&[widgets("v1"), config_maps()]);
    cluster.put(&widgets("v1"), "a", "one", Value::Null);
    let setup = Setup { wanted: Wanted::parse(&["widgets", "configmaps"]).unwrap(), ..Setup::new(&cluster) };
    setup
        .run(async |mut counts| {
            until(&mut counts, "first", |counts| row(counts, "widgets") == count(1, None, 1)).await;
            cluster.remove(&widgets("v1"));
            let gone = until(&mut counts, "gone", |counts| row(counts, "widgets").is_none()).await;
            assert_eq!(row(&gone, "configmaps"), count(0, None, 0));
            // Nobody knows its group any more.
            let missing = until(&mut counts, "missing", |counts| !counts.unreadable.is_empty()).await;
            assert!(missing.complete);
            assert_eq!(missing.unreadable.values().collect::<Vec<_>>(), ["the cluster does not serve it"]);
            cluster.serve(&widgets("v2"));
            cluster.put(&widgets("v2"), "a", "one", Value::Null);
            cluster.put(&widgets("v2"), "a", "two", Value::Null);
            let back = until(&mut counts, "back", |counts| row(counts, "widgets") == count(2, None, 2)).await;
            assert!(back.unreadable.is_empty());
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_out_of_reach_says_nothing_of_its_kinds() {
    let cluster = Cluster::new(&[deployments()]);
    cluster.put(&deployments(), "a", "one", deployment(3));
    Setup::new(&cluster)
        .run(async |mut counts| {
            until(&mut counts, "complete", |counts| counts.complete).await;
            until(&mut counts, "version", |counts| !counts.kubernetes_version.is_empty()).await;
            counts.mark_unchanged();
            cluster.refuse(&deployments(), Some(503));
            sleep(Duration::from_secs(59)).await;
            assert!(!counts.has_changed().unwrap());
            let named = until(&mut counts, "named", |counts| !counts.unreadable.is_empty()).await;
            assert_eq!(row(&named, "deployments"), None, "an old number is no number");
            cluster.refuse(&deployments(), None);
            until(&mut counts, "well", |counts| row(counts, "deployments") == count(1, Some(1), 1)).await;
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn the_twenty_worst_are_told_in_one_order_and_only_once_they_last() {
    let cluster = Cluster::new(&[deployments()]);
    let known = Problem {
        kind: "Deployment".into(),
        namespace: Some("a".into()),
        name: "d01".into(),
        reason: String::new(),
        message: String::new(),
        since: Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
            "2026-01-01T00:00:00Z".parse().unwrap(),
        )),
    };
    for at in (0..30).rev() {
        cluster.put(&deployments(), "a", &format!("d{at:02}"), deployment(at % 3));
    }
    let setup = Setup { known: vec![known], ..Setup::new(&cluster) };
    setup
        .run(async |mut counts| {
            // What was so before is told at once.
            let first = until(&mut counts, "complete", |counts| counts.complete).await;
            let names: Vec<_> = first.problems.iter().map(|problem| problem.name.as_str()).collect();
            let expected: Vec<_> =
                (0..30).step_by(3).chain((1..30).step_by(3)).map(|at| format!("d{at:02}")).collect();
            assert_eq!(names, expected);
            let d01 = &first.problems[10];
            assert_eq!(d01.message, "1 of 3 replicas are available");
            assert_eq!(
                d01.since.as_ref().map(|since| since.0.to_string()).as_deref(),
                Some("2026-01-01T00:00:00Z")
            );
            assert_eq!(first.problems[0].since, None, "nobody knows since when");
            // One recovers, the next one takes its place.
            cluster.put(&deployments(), "a", "d00", deployment(3));
            let next = until(&mut counts, "next", |counts| counts.problems[0].name == "d03").await;
            assert_eq!(next.problems[19].name, "d02");
            // One that just starts is in no trouble yet.
            let start = Instant::now();
            cluster.put(&deployments(), "a", "d00", deployment(0));
            until(&mut counts, "ripe", |counts| counts.problems[0].name == "d00").await;
            assert_eq!(start.elapsed().as_secs(), 10);
            cluster.put(&deployments(), "a", "d99", deployment(0));
            cluster.put(&deployments(), "a", "d99", deployment(3));
            sleep(Duration::from_secs(30)).await;
            assert!(counts.borrow().problems.iter().all(|problem| problem.name != "d99"));
        })
        .await;
}
