//! Informers of client-go and kube-rs stay exactly equal to the served list: under churn, when connections
//! break, when `tmc` restarts with a new version base, when kube-apiserver restarts.

use serde_json::Value;

use crate::binaries;
use crate::clients::{ClientGo, Informer, KubeRs};
use crate::env::Env;
use crate::fixture::{Report, VIEWS, block_on, client, object_name, workspace};
use crate::wait::{seconds, until};

/// Targets that come, change and go in an order given by a seed.
struct Churn<'a> {
    env: &'a Env,
    workspaces: Vec<String>,
    exist: Vec<bool>,
    seed: u64,
}

impl<'a> Churn<'a> {
    fn new(env: &'a Env) -> Self {
        let workspaces: Vec<_> = (0..12).map(|_| workspace()).collect();
        println!("seed of the churn: its workspaces {workspaces:?}");
        Self { env, exist: vec![false; workspaces.len()], workspaces, seed: 42 }
    }

    fn next(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    fn steps(&mut self, steps: usize) {
        for _ in 0..steps {
            let index = self.next(self.workspaces.len() as u64) as usize;
            let workspace = self.workspaces[index].clone();
            let target = object_name(&workspace, "a");
            let deployments = self.next(1000);
            let targets = &self.env.targets;
            self.exist[index] = match (self.exist[index], self.next(4)) {
                (true, 0) => {
                    targets.delete(&target);
                    false
                }
                (false, _) => {
                    targets.healthy(&target, &workspace, deployments);
                    true
                }
                (true, number) => {
                    targets.report(&target, Report { ready: number > 1, deployments: (0, deployments) });
                    true
                }
            };
        }
    }

    /// The served list holds exactly the workspaces that have a target.
    fn is_served(&self, list: &Value) -> Result<(), String> {
        let mut expected: Vec<_> =
            self.workspaces.iter().zip(&self.exist).filter(|(_, exist)| **exist).collect();
        expected.sort();
        let expected: Vec<_> = expected.into_iter().map(|(workspace, _)| workspace.as_str()).collect();
        let served: Vec<_> =
            items(list).iter().filter_map(|view| view["metadata"]["name"].as_str()).collect();
        if served == expected { Ok(()) } else { Err(format!("served {served:?}, expected {expected:?}")) }
    }
}

fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map_or(&[], Vec::as_slice)
}

/// Waits until every informer holds what is served.
#[track_caller]
fn until_equal(what: &str, churn: &Churn, informers: &[Box<dyn Informer>]) {
    for informer in informers {
        until(&format!("{} equals the served list {what}", informer.name()), seconds(60), || {
            let list = churn.env.targets.get(VIEWS).map_err(|error| format!("{error:#}"))?;
            churn.is_served(&list)?;
            let expected: Vec<_> =
                items(&list).iter().map(|view| informer.keeps(&with_kind(view, &list))).collect();
            let store = informer.store().map_err(|error| format!("{error:#}"))?;
            if store == expected { Ok(()) } else { Err(difference(&store, &expected)) }
        });
    }
}

/// Items of a list may leave out what the list says for all of them; an object of a watch never does.
fn with_kind(view: &Value, list: &Value) -> Value {
    let mut view = view.clone();
    if view["kind"].is_null() {
        view["kind"] = list["kind"].as_str().map(|kind| kind.trim_end_matches("List")).into();
        view["apiVersion"] = list["apiVersion"].clone();
    }
    view
}

fn difference(store: &[Value], expected: &[Value]) -> String {
    let first = store.iter().zip(expected).find(|(one, other)| one != other);
    format!("{} objects, expected {}; first difference: {first:?}", store.len(), expected.len())
}

#[test]
fn informers_stay_equal_to_the_served_list() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("converge");
    let mut churn = Churn::new(&env);
    churn.steps(20);
    let kubeconfig = env.admin().kubeconfig().to_owned();
    let mut informers: Vec<Box<dyn Informer>> = Vec::new();
    for streaming in [true, false] {
        for kind in ["dynamic", "metadata"] {
            informers.push(Box::new(ClientGo::start(kind, streaming, &kubeconfig, &env.cluster.logs)));
        }
        let client = client(&kubeconfig);
        informers.push(Box::new(block_on(KubeRs::start(client, streaming))));
    }
    until_equal("at the start", &churn, &informers);

    churn.steps(60);
    until_equal("after churn", &churn, &informers);

    // Killed: every stream breaks, and the next process counts from another base. Changes are made while
    // it is down, deletions among them.
    env.tmc.kill();
    churn.steps(20);
    env.tmc.serve();
    churn.steps(5);
    env.tmc.until_available();
    until_equal("after a restart of tmc", &churn, &informers);

    env.cluster.kill_apiserver();
    env.cluster.start_apiserver();
    env.tmc.until_available();
    churn.steps(20);
    until_equal("after a restart of kube-apiserver", &churn, &informers);

    // An end that is announced ends the streams without an error.
    assert!(env.tmc.terminate().success());
    env.tmc.serve();
    env.tmc.until_available();
    churn.steps(20);
    until_equal("after a clean restart of tmc", &churn, &informers);
}
