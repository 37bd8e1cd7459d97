//! kube-apiserver is stopped, not killed: its connections stay open and nothing comes through them. The views
//! own up to it, reviews fail closed, `tmc` lives; once it goes on, so does everything, and nobody who watched
//! missed a change that was made meanwhile on another kube-apiserver of the same etcd.

use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;

use crate::binaries;
use crate::clients::{ClientGo, Informer};
use crate::cluster::free_port;
use crate::env::Env;
use crate::fixture::{NAMESPACE, Report, Targets, VIEWS, block_on, object_name, workspace};
use crate::process::Process;
use crate::wait::{seconds, until, until_true};
use crate::wire::Server;

/// The last state of `workspace`'s view on a watch, and how it came.
fn last(watch: &Process, workspace: &str) -> Option<(String, Value)> {
    let output = watch.stdout();
    let frames = output.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut frames = frames.filter(|frame| frame["object"]["metadata"]["name"] == workspace);
    frames
        .next()
        .map(|frame| (frame["type"].as_str().unwrap_or_default().to_owned(), frame["object"].clone()))
}

fn deployments(view: &Value) -> Option<u64> {
    view["status"]["resourceCount"]["deployments"].as_u64()
}

fn is_stale(view: &Value) -> bool {
    let mut conditions = view["status"]["conditions"].as_array().into_iter().flatten();
    view["status"]["data"] == "Stale"
        && conditions.any(|condition| condition["type"] == "DataComplete" && condition["status"] == "False")
}

/// What still answers, and how what does not says so.
fn assert_fails_closed(server: &Server, stranger: &Server) {
    let asked = Instant::now();
    until("a request that needs a review fails closed", seconds(30), || {
        let answer = block_on(server.get(VIEWS, &[])).expect("an answer");
        let status: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        match (answer.status, answer.header("retry-after").as_str()) {
            // What was allowed a moment ago may be so for 10 s more.
            (200, _) => Err("still from memory".to_owned()),
            (503, "1") => {
                assert_eq!(status["kind"], "Status", "{}", answer.body);
                Ok(())
            }
            other => panic!("{other:?} {}", answer.body),
        }
    });
    println!("fails closed after {:.2?}", asked.elapsed());
    let stranger = block_on(stranger.get(VIEWS, &[("Authorization", "Bearer who-knows")]));
    assert_eq!(stranger.expect("an answer").status, 503, "a token that cannot be reviewed");
    for path in ["/livez", "/apis/views.workload.kcp.io/v1alpha1", "/openapi/v2"] {
        let answer = block_on(server.get(path, &[])).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}

#[test]
fn a_kube_apiserver_that_is_stopped_makes_views_stale_and_costs_no_change() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("paused");
    let [stays, goes, comes] = [workspace(), workspace(), workspace()];
    let target = |workspace: &str| object_name(workspace, "a");
    let uid = env.targets.healthy(&target(&stays), &stays, 1);
    env.targets.healthy(&target(&goes), &goes, 1);
    for workspace in [&stays, &goes] {
        env.targets.until_deployments(workspace, 1);
    }
    let port = free_port();
    let _elsewhere = env.cluster.another_apiserver(port);
    let hidden = Targets::new(env.cluster.admin_at(port).kubeconfig());
    let path = format!("{VIEWS}?watch=true&resourceVersion=0");
    let mut direct = env.direct(&env.admin()).start("watch-direct", &["get", "--raw", &path]);
    let informer = ClientGo::start("dynamic", true, env.admin().kubeconfig(), &env.cluster.logs);
    until("the informer through kube-apiserver is filled", seconds(30), || informer.store());
    until_true("the watch shows both", seconds(20), || {
        [&stays, &goes].iter().all(|workspace| last(&direct, workspace).is_some())
    });
    let (server, stranger) = (env.wire(), env.wire_as(None));
    // Its target shall not be the one that fell silent.
    hidden.beat(&uid);

    let stopped = Instant::now();
    env.cluster.signal_apiserver(Signal::STOP);
    until_true("the watch is told that its views are stale", seconds(60), || {
        last(&direct, &stays).is_some_and(|(_, view)| is_stale(&view))
    });
    let took = stopped.elapsed();
    println!("stale {took:.2?} after kube-apiserver was stopped");
    assert!(took > seconds(5), "{took:?}");
    assert_fails_closed(&server, &stranger);
    assert!(direct.exited().is_none(), "the direct watch goes on: {}", direct.stderr());

    hidden.report(&target(&stays), Report::healthy(2));
    hidden.delete(&target(&goes));
    hidden.healthy(&target(&comes), &comes, 7);
    hidden.beat(&uid);
    println!("stopped for {:.2?}", stopped.elapsed());
    env.cluster.signal_apiserver(Signal::CONT);

    until_true("the deletion is seen", seconds(60), || {
        last(&direct, &goes).is_some_and(|(kind, _)| kind == "DELETED")
    });
    for (workspace, count) in [(&stays, 2), (&comes, 7)] {
        until_true("the change is seen", seconds(60), || {
            last(&direct, workspace)
                .is_some_and(|(_, view)| deployments(&view) == Some(count) && !is_stale(&view))
        });
    }
    assert!(direct.exited().is_none(), "all that on one stream: {}", direct.stderr());
    env.tmc.until_available();
    until("the informer holds what is served", seconds(60), || {
        let list = env.targets.get(VIEWS).map_err(|error| format!("{error:#}"))?;
        let summary = |views: &[Value]| {
            let mut all: Vec<_> = views
                .iter()
                .map(|view| {
                    (view["metadata"]["name"].to_string(), view["metadata"]["resourceVersion"].to_string())
                })
                .collect();
            all.sort();
            all
        };
        let held = informer.store().map_err(|error| format!("{error:#}"))?;
        let (held, served) = (summary(&held), summary(list["items"].as_array().map_or(&[], Vec::as_slice)));
        if held == served && held.len() == 2 { Ok(()) } else { Err(format!("{held:?}, served {served:?}")) }
    });
    // Nobody restarted anything.
    env.targets.report(&target(&stays), Report::healthy(3));
    env.targets.until_deployments(&stays, 3);
    let lease = env.admin().run(&["get", "lease", "-n", NAMESPACE, "-oname"]);
    assert!(lease.contains(&uid), "{lease}");
}
