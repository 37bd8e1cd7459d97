//! The same read requests to views and to custom resources of equal content: kube-apiserver itself says
//! what the answers should be. Where they differ on purpose, the table of requests says why.

mod normal;
mod reference;
mod requests;
mod roots;
mod successor;

use futures::future::join_all;

use crate::binaries;
use crate::env::{Env, shared};
use crate::fixture::block_on;
use crate::pki::Leaf;
use crate::tmc::SERVER_NAME;
use crate::wire::{Answer, Server};
use normal::{differences, normal};
use requests::{AFTER_DELETION, Expected, REQUESTS, Request};
use roots::ROOTS;

const GROUP: &str = "views.workload.kcp.io";
/// Nothing changes these views: their targets never were alive and never will be.
const WORKSPACES: [&str; 4] = ["alpha", "beta", "delta", "gamma"];

/// One of the servers that are asked the same things.
struct Side<'a> {
    server: &'a Server,
    /// What all paths begin with.
    base: String,
    /// The version and the first page's token, of a list that was made before.
    version: String,
    token: String,
}

impl<'a> Side<'a> {
    fn new(server: &'a Server, group: &str) -> Self {
        let base = format!("/apis/{group}");
        let page = block_on(server.get(&format!("{base}/v1alpha1/aggregatedviews?limit=2"), &[]));
        let page: serde_json::Value =
            serde_json::from_str(&page.expect("a page").body).expect("a page is JSON");
        let text = |field: &str| page["metadata"][field].as_str().unwrap_or_default().to_owned();
        Self { server, base, version: text("resourceVersion"), token: text("continue") }
    }

    fn root(server: &'a Server) -> Self {
        Self { server, base: String::new(), version: String::new(), token: String::new() }
    }

    async fn ask(&self, request: &Request) -> Answer {
        let tail = request.path.replace("RV", &self.version).replace("TOKEN", &self.token);
        let path = format!("{}{tail}", self.base);
        let answer = self.server.until(request.end(), request.method, &path, request.headers).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error:#}"))
    }
}

fn server(env: &Env, port: u16, name: &'static str, authority: &str, user: &str) -> Server {
    let groups: &[&str] = if user == "admin" { &["system:masters"] } else { &[] };
    let leaf = Leaf { common_name: user, organizations: groups, ..Leaf::default() };
    let identity = env.cluster.authority.issue(&leaf).expect("issue a certificate");
    Server::new(port, name, authority, Some(&identity)).expect("TLS with this certificate")
}

#[test]
fn views_answer_as_custom_resources_do() {
    if !binaries::present() {
        return;
    }
    let env = Env::start("conformance");
    for workspace in WORKSPACES {
        env.targets.create(&format!("{workspace}-target"), workspace);
    }
    for workspace in WORKSPACES {
        env.targets.until_deployments(workspace, 0);
    }
    reference::start(&env, &WORKSPACES);
    let [administrator, nobody] = ["admin", "nobody"].map(|user| {
        let front = server(&env, env.cluster.port, "localhost", &env.cluster.authority.pem, user);
        (front, server(&env, env.tmc.port, SERVER_NAME, &env.tmc.authority(), user))
    });
    let mut faults = Vec::new();
    compare("nobody", REQUESTS, &sides(&nobody), &mut faults);
    let sides = sides(&administrator);
    compare("admin", REQUESTS, &sides, &mut faults);
    reference::delete(&env, "gamma");
    compare("admin", AFTER_DELETION, &sides, &mut faults);
    let all = REQUESTS.len() + AFTER_DELETION.len();
    assert!(faults.is_empty(), "{} of {all}:\n{}", faults.len(), faults.join("\n"));
}

/// kube-apiserver with its custom resources, and us behind it and alone.
fn sides((front, direct): &(Server, Server)) -> [Side<'_>; 3] {
    [(front, reference::GROUP), (front, GROUP), (direct, GROUP)]
        .map(|(server, group)| Side::new(server, group))
}

#[test]
fn what_is_no_resource_answers_as_kube_apiservers() {
    let Some(env) = shared() else { return };
    let mut faults = Vec::new();
    for user in ["admin", "nobody"] {
        let theirs = server(env, env.cluster.port, "localhost", &env.cluster.authority.pem, user);
        let ours = server(env, env.tmc.port, SERVER_NAME, &env.tmc.authority(), user);
        compare(user, ROOTS, &[&theirs, &ours, &ours].map(Side::root), &mut faults);
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), ROOTS.len(), faults.join("\n"));
}

/// Sends a user's requests to kube-apiserver, to us through it, and to us alone.
fn compare(user: &str, requests: &[Request], sides: &[Side; 3], faults: &mut Vec<String>) {
    let requests: Vec<_> = requests.iter().filter(|request| request.user == user).collect();
    for batch in requests.chunks(8) {
        let asked = batch.iter().map(|request| join_all(sides.iter().map(|side| side.ask(request))));
        let answers = block_on(join_all(asked));
        faults.extend(batch.iter().zip(answers).filter_map(|(request, answers)| judge(request, &answers)));
    }
}

/// What is wrong with the answers of the three.
fn judge(request: &Request, answers: &[Answer]) -> Option<String> {
    let [theirs, ours, direct] = [0, 1, 2].map(|at| normal(&answers[at]));
    let named = format!("{} {} {:?}", request.method, request.path, request.headers);
    if ours != direct {
        return Some(format!("{named}: through the aggregator and not\n{}", differences(&ours, &direct)));
    }
    match request.expected {
        Expected::Same if theirs != ours => Some(format!("{named}\n{}", differences(&theirs, &ours))),
        Expected::Differs(why) if theirs == ours => {
            Some(format!("{named}: it is alike, in spite of {why:?}"))
        }
        Expected::Same | Expected::Differs(_) => None,
    }
}
