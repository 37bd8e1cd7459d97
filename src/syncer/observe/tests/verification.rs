//! Numbers that are wrong are found, and those that are right are never doubted, whatever goes on meanwhile.

use super::*;

fn verified(cluster: &Arc<Cluster>) -> Setup {
    Setup { times: Times { verify: Duration::from_secs(300), ..Times::default() }, ..Setup::new(cluster) }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_never_told_is_found_and_mended() {
    let cluster = Cluster::new(&[deployments(), config_maps()]);
    for at in 0..5 {
        cluster.put(&config_maps(), "a", &format!("c{at}"), Value::Null);
    }
    verified(&cluster)
        .run(async |mut counts| {
            until(&mut counts, "complete", |counts| counts.complete).await;
            cluster.lose(cluster.delete(&config_maps(), "a", "c0"));
            let start = Instant::now();
            let doubted = until(&mut counts, "doubted", |counts| !counts.unverified.is_empty()).await;
            assert_eq!(doubted.unverified.iter().collect::<Vec<_>>(), [&config_maps().group_resource()]);
            assert!(start.elapsed() < Duration::from_secs(420), "{:?}", start.elapsed());
            let mended =
                until(&mut counts, "mended", |counts| row(counts, "configmaps") == count(4, None, 4)).await;
            assert!(start.elapsed() < Duration::from_secs(430) && !mended.unverified.is_empty());
            until(&mut counts, "verified", |counts| counts.unverified.is_empty()).await;
            assert!(start.elapsed() < Duration::from_secs(520), "{:?}", start.elapsed());
            let lists = cluster.asked_since(start);
            let lists = lists.iter().filter(|path| path.contains("configmaps?limit=500")).count();
            // The two lists that doubted, the new one, and the one that agreed.
            assert_eq!(lists, 4);
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_number_that_is_right_is_never_doubted_while_everything_changes() {
    let cluster = Cluster::new(&[config_maps()]);
    let short = Times { verify: Duration::from_secs(20), ..Times::default() };
    let setup = Setup { times: short, ..Setup::new(&cluster) };
    setup
        .run(async |mut counts| {
            until(&mut counts, "complete", |counts| counts.complete).await;
            let start = Instant::now();
            for round in 0..1_500_u64 {
                let name = format!("c{}", round * 7919 % 300);
                match round % 3 {
                    0 => drop(cluster.delete(&config_maps(), "a", &name)),
                    _ => drop(cluster.put(&config_maps(), "a", &name, Value::Null)),
                }
                if round % 2 == 0 {
                    sleep(Duration::from_millis(300)).await;
                }
                assert!(counts.borrow().unverified.is_empty());
            }
            let asked = cluster.asked_since(start);
            let verified = asked.iter().filter(|path| path.ends_with("limit=1")).count();
            assert!(verified > 5, "{verified}");
            // Nothing was listed but to verify.
            let lists = asked.iter().filter(|path| path.ends_with("limit=500")).count();
            assert!(lists <= verified, "{lists} {verified}");
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn verification_tells_nothing_where_the_cluster_does_not() {
    let cluster = Cluster::new(&[config_maps()]);
    cluster.put(&config_maps(), "a", "one", Value::Null);
    verified(&cluster)
        .run(async |mut counts| {
            until(&mut counts, "complete", |counts| counts.complete).await;
            until(&mut counts, "version", |counts| !counts.kubernetes_version.is_empty()).await;
            counts.mark_unchanged();
            let start = Instant::now();
            sleep(Duration::from_secs(3600)).await;
            let asked = cluster.asked_since(start);
            let verified = asked.iter().filter(|path| path.ends_with("limit=1")).count();
            assert!((10..=13).contains(&verified), "{verified}");
            assert!(!counts.has_changed().unwrap());
        })
        .await;
}
