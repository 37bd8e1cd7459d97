//! How little is asked of a cluster where nothing happens.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_quiet_cluster_is_asked_less_than_ten_times_a_minute() {
    let kinds: Vec<_> = [
        ("", "v1", "configmaps", "ConfigMap"),
        ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
        ("", "v1", "secrets", "Secret"),
        ("", "v1", "serviceaccounts", "ServiceAccount"),
        ("", "v1", "services", "Service"),
        ("apps", "v1", "daemonsets", "DaemonSet"),
        ("apps", "v1", "deployments", "Deployment"),
        ("apps", "v1", "statefulsets", "StatefulSet"),
        ("batch", "v1", "cronjobs", "CronJob"),
        ("batch", "v1", "jobs", "Job"),
        ("networking.k8s.io", "v1", "ingresses", "Ingress"),
        ("x.io", "v1", "widgets", "Widget"),
    ]
    .map(|(group, version, resource, name)| kind(group, version, resource, name))
    .into();
    let cluster = Cluster::new(&kinds);
    let wanted: Vec<_> = kinds.iter().map(Kind::id).collect();
    let setup =
        Setup { admits: Arc::new(Teams), wanted: Wanted::parse(&wanted).unwrap(), ..Setup::new(&cluster) };
    setup
        .run(async |mut counts| {
            let first = until(&mut counts, "complete", |counts| counts.complete).await;
            assert_eq!(first.rows.len(), 12);
            sleep(Duration::from_secs(60)).await;
            counts.mark_unchanged();
            let start = Instant::now();
            sleep(Duration::from_secs(3600)).await;
            let asked = cluster.asked_since(start);
            assert!(asked.iter().all(|path| path.contains("watch=true") || path == "/version"), "{asked:#?}");
            // Fourteen watches of five to ten minutes, and the version every ten.
            println!("{:.1} requests a minute", asked.len() as f64 / 60.0);
            assert!(asked.len() < 4 * 60, "{}", asked.len());
            assert!(!counts.has_changed().unwrap());
        })
        .await;
}
