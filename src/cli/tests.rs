//! The command line as a whole.

use clap::CommandFactory;

use super::*;

#[test]
fn the_flags_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn a_bad_flag_is_named() {
    let cases: &[(&[&str], &str)] = &[
        (&["serve", "--tls-cert-file=a"], "--tls-private-key-file"),
        (&["serve", "--shutdown-delay-duration=soon"], "--shutdown-delay-duration"),
        (&["serve", "--max-requests-inflight=0"], "--max-requests-inflight"),
        (&["serve", "--log-format=xml"], "--log-format"),
        (&["serve", "--secure-port=65536"], "--secure-port"),
        (&["serve", "--service=tmc"], "--service"),
        (&["serve", "--no-such-flag"], "--no-such-flag"),
        (&["register", "--service=tmc:443"], "--service"),
        (&["workload", "sync", "a"], "--output"),
        (&["workload", "sync", "a", "-oa", "--resources=Pods"], "--resources"),
        (&["workload", "sync", "a", "-oa", "--token-lifetime=1m"], "--token-lifetime"),
        (&["workload", "sync", "a", "-oa", "--labels=x"], "--labels"),
        (&["workload", "sync", "a", "-oa", "--namespace-mapping=hashed"], "--namespace-mapping"),
        (&["workload", "detach", "a", "--resource-types=pods"], "--force"),
        (&["workload", "sweep", "a", "--downstream-kubeconfig=b", "--key=c"], "--sync-target-uid"),
        (&["join"], "--context"),
        (&["join", "--context=a", "--all-contexts"], "--all-contexts"),
        (&["rbac", "manifests", "a"], "--side"),
        (&["rbac", "manifests", "a", "--side=upstream", "--mode=all"], "--mode"),
        (&["security", "check", "--sync-target-uid=a"], "--sync-target-name"),
    ];
    for (arguments, named) in cases {
        let error = Cli::try_parse_from([&["tmc"], *arguments].concat()).unwrap_err().to_string();
        assert!(error.contains(named), "{arguments:?}: {error}");
    }
}
