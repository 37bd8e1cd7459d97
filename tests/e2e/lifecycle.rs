//! `tmc` goes and comes back: killed, stopped, stopped twice, unregistered. What else Kubernetes does goes
//! on; what it does not, comes back by itself.

use std::time::Instant;

use rustix::process::Signal;

use crate::binaries;
use crate::cluster::Cluster;
use crate::env::Env;
use crate::fixture::{VIEWS, object_name, workspace};
use crate::kubectl::Kubectl;
use crate::tmc::{APISERVICE, Tmc, tmc};
use crate::wait::{seconds, until, until_true};

const CONTROLLERS: &str = "namespace,serviceaccount";

/// Deletes a namespace and waits until Kubernetes says that discovery keeps it.
fn delete_held_back(admin: &Kubectl, namespace: &str) {
    admin.run(&["create", "namespace", namespace]);
    admin.run(&["delete", "namespace", namespace, "--wait=false"]);
    let conditions =
        r#"-ojsonpath={range .status.conditions[?(@.status=="True")]}{.type} {.message}{"\n"}{end}"#;
    until("the deletion waits for discovery", seconds(60), || {
        let text = admin.try_run(&["get", "namespace", namespace, conditions])?;
        if text.contains("NamespaceDeletionDiscoveryFailure") { Ok(()) } else { Err(text) }
    });
}

fn until_gone(admin: &Kubectl, namespace: &str) {
    until_true("the namespace is gone", seconds(90), || {
        admin.try_run(&["get", "namespace", namespace]).is_err_and(|error| error.contains("NotFound"))
    });
}

#[test]
fn killed_it_is_missed_and_back_it_is_available() {
    if !binaries::present() {
        return;
    }
    let env = Env::on(Cluster::start_with_controllers("killed", CONTROLLERS));
    let (workspace, admin) = (workspace(), env.admin());
    env.targets.healthy(&object_name(&workspace, "a"), &workspace, 3);
    env.targets.until_deployments(&workspace, 3);

    env.tmc.kill();
    env.tmc.until_condition("False");
    admin.run(&["get", "nodes"]);
    admin.run(&["get", "synctargets"]);
    admin.run(&["get", "namespace", "tmc-system"]);
    let missed = admin.fail(&["get", "--raw", VIEWS]);
    assert!(missed.contains("unavailable") || missed.contains("ServiceUnavailable"), "{missed}");
    delete_held_back(&admin, "held-by-the-kill");

    env.tmc.serve();
    env.tmc.until_available();
    env.targets.until_deployments(&workspace, 3);
    until_gone(&admin, "held-by-the-kill");

    env.tmc.kill();
    env.tmc.until_condition("False");
    delete_held_back(&admin, "held-until-unregistered");
    let kubeconfig = admin.kubeconfig().to_str().expect("temp paths are UTF-8").to_owned();
    let done = tmc(&["unregister", "--kubeconfig", &kubeconfig]);
    assert!(done.status.success(), "{}", done.stderr);
    assert!(admin.fail(&["get", "apiservice", APISERVICE]).contains("NotFound"));
    until_gone(&admin, "held-until-unregistered");
    // Only its own was taken away.
    assert!(admin.run(&["get", "synctargets"]).contains(&object_name(&workspace, "a")));
    let done = tmc(&["unregister", "--kubeconfig", &kubeconfig, "--crds"]);
    assert!(done.status.success(), "{}", done.stderr);
    // A CRD goes once its objects are gone, which kube-apiserver sees to in its own time.
    until_true("the CRDs are gone", seconds(30), || {
        !admin.run(&["get", "crd", "-oname"]).contains("workload.kcp.io")
    });
}

#[test]
fn sigterm_ends_watches_without_an_error_and_exits_zero() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("sigterm");
    let workspace = workspace();
    env.targets.healthy(&object_name(&workspace, "a"), &workspace, 1);
    env.targets.until_deployments(&workspace, 1);
    let path = format!("{VIEWS}?watch=true&resourceVersion=0");
    let mut through = env.admin().start("watch-through", &["get", "--raw", &path]);
    let mut direct = env.direct(&env.admin()).start("watch-direct", &["get", "--raw", &path]);
    for watch in [&through, &direct] {
        until_true("the watch is open", seconds(20), || watch.stdout().contains(&workspace));
    }
    let status = env.tmc.terminate();
    assert_eq!(status.code(), Some(0), "{}", env.tmc.log());
    for watch in [&mut through, &mut direct] {
        assert!(watch.wait(seconds(10)).success(), "a clean end: {}", watch.stderr());
        assert!(!watch.stdout().contains("ERROR"), "{}", watch.stdout());
    }
}

#[test]
fn readyz_fails_first_and_a_second_signal_aborts() {
    if !binaries::present() {
        return;
    }
    let cluster = Cluster::start("second-signal");
    let tmc = Tmc::start_with(&cluster, &["--shutdown-delay-duration=60s"]);
    let flags = tmc.direct_flags(&cluster.folder);
    let direct = cluster.admin().with(&flags.each_ref().map(String::as_str));
    assert_eq!(direct.run(&["get", "--raw", "/readyz"]).trim(), "ok");
    tmc.signal(Signal::TERM);
    until("readyz fails", seconds(10), || match direct.try_run(&["get", "--raw", "/readyz"]) {
        Ok(output) => Err(output),
        Err(error) if error.contains("refused") => panic!("it still serves while it waits: {error}"),
        Err(error) => Ok::<_, String>(error),
    });
    direct.run(&["get", "--raw", VIEWS]);
    direct.run(&["get", "--raw", "/livez"]);
    let second = Instant::now();
    let status = tmc.terminate();
    assert!(second.elapsed() < seconds(20), "long before the delay is over");
    assert!(!status.success(), "an abort is no success: {status}");
}
