//! Flags and what is made of them.

use clap::Parser;

use super::*;

fn read(flags: &[&str]) -> (Config, Findings) {
    let args = Args::try_parse_from([&["syncer"], flags].concat()).unwrap();
    let mut findings = Findings::default();
    let config = Config::read(&args, &mut findings);
    (config, findings)
}

#[test]
fn the_defaults_are_these() {
    let (config, findings) = read(&["--sync-target-name=production-east"]);
    assert!(findings.is_empty(), "{findings}");
    assert_eq!((config.sync_target.as_str(), config.mode), ("production-east", Mode::Placement));
    assert_eq!((config.metrics_port, config.health_port, config.concurrency), (8080, 8081, 5));
    assert_eq!((config.resync, config.telemetry.verbosity), (Some(Duration::from_secs(300)), 2));
    assert_eq!((config.qps, config.burst, config.leader_elect, config.dry_run), (20.0, 30, true, false));
    assert_eq!((config.security, config.allow_same_cluster), (Enforcement::Enforce, false));
    assert_eq!((config.filter, config.wanted), (ResourceFilter::default(), Wanted::Default));
    assert_eq!(
        (config.report_period, config.probe_period),
        (Duration::from_secs(10), Duration::from_secs(30))
    );
}

#[test]
fn every_mistake_is_named_at_once() {
    let wrong = [
        ("--sync-target-name=", "it is required"),
        ("--workspace=root::a", "is not the path of a workspace"),
        ("--mode=mirror", "none of placement, filter and observe"),
        ("--namespaces=shop,Shop", r#""Shop" is no name of a namespace"#),
        ("--resource-types=deployments.apps,no kind", r#""no kind" is not of the form"#),
        ("--namespace-selector=a in", "--namespace-selector"),
        ("--label-selector=!!", "--label-selector"),
        ("--annotation-selector=team", r#""team" is not of the form key=value"#),
        ("--concurrency=0", "from 1 to 1000"),
        ("--resync-period=9", "from 10 on, or 0"),
        ("--qps=-1", "above 0"),
        ("--burst=0", "from 1 on"),
        ("--leader-elect=maybe", "neither true nor false"),
        ("--dry-run=2", "neither true nor false"),
        ("--security-mode=off", "neither enforce nor warn"),
        ("--allow-same-cluster=x", "neither true nor false"),
        ("--bind-address=localhost", "not an IP address"),
        ("--metrics-port=65536", "from 1 to 65535"),
        ("--health-port=http", "from 1 to 65535"),
        ("--grace-period=2h", "longer than 1h"),
        ("--log-level=much", "2 is usual"),
        ("--log-format=xml", "neither text nor json"),
        ("--otlp-endpoint=collector", "give the URL of a collector"),
        ("--report-period=0", "above 0"),
        ("--probe-period=soon", "give seconds"),
    ];
    let flags: Vec<_> = wrong.iter().map(|(flag, _)| *flag).collect();
    let (_, all) = read(&flags);
    let text = all.to_string();
    assert!(text.starts_with("25 things are wrong, nothing was started:\n"), "{text}");
    for (flag, words) in wrong {
        let name = flag.split('=').next().unwrap();
        let line = text.lines().find(|line| line.trim_start().starts_with(&format!("{name}:")));
        assert!(line.is_some_and(|line| line.contains(words)), "{flag} should say {words:?}:\n{text}");
        let others =
            if name == "--sync-target-name" { vec![flag] } else { vec!["--sync-target-name=a", flag] };
        let (_, one) = read(&others);
        assert_eq!(one.to_string().lines().count(), 1, "{one}");
    }
}

#[test]
fn ports_are_two_and_zero_is_any() {
    let with = |flags: &[&str]| read(&[&["--sync-target-name=a"], flags].concat()).1;
    assert!(with(&["--health-port=8080"]).to_string().contains("both are 8080"));
    assert!(with(&["--health-port=0", "--metrics-port=0"]).is_empty());
}

#[test]
fn lists_and_switches_are_read() {
    let (config, findings) = read(&[
        "--sync-target-name=a.b",
        "--namespaces=shop,cart",
        "--resource-types=deployments.apps,services,ingresses.networking.k8s.io",
        "--annotation-selector=team=shop,tier=web,",
        "--label-selector=a in (b,c),!d",
        "--resync-period=0",
        "--leader-elect=false",
        "--dry-run",
        "--mode=observe",
    ]);
    assert!(findings.is_empty(), "{findings}");
    let names = config.wanted.wants().into_iter().map(|want| want.resource).collect::<Vec<_>>();
    assert_eq!(names, ["deployments", "ingresses", "services"]);
    assert!(config.filter.admits_namespace("shop", None).is_ok());
    assert!(config.filter.admits_namespace("other", None).is_err());
    assert!(config.filter.needs_annotations());
    assert_eq!((config.resync, config.leader_elect, config.dry_run), (None, false, true));
}

#[test]
fn who_only_observes_shows_nothing_above() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "upsync: [pods]\n").unwrap();
    let with = |mode: &str| {
        let flags =
            ["--sync-target-name=a", &format!("--mode={mode}"), "--config", file.path().to_str().unwrap()];
        read(&flags)
    };
    let (config, findings) = with("filter");
    assert!(findings.is_empty() && config.rules.upsync.len() == 1, "{findings}");
    assert!(with("observe").1.to_string().contains("upsync: mode observe writes nothing"));
}
