//! The same sequences of requests to two servers, whose answers must be equal. Where they differ on
//! purpose, `tests/conformance/differences.yaml` says why.

pub mod connection;
mod data;
mod differences;
mod marks;
mod normal;
mod play;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use futures::StreamExt;
use futures::stream::iter;
use serde_json::Value;

use crate::binaries;
use crate::cluster::Cluster;
use crate::dev::Dev;
use crate::fixture::block_on;
use connection::Target;
use data::{Action, Sequence, Step};
use differences::{List, between};

/// Sequences that are under way together.
const TOGETHER: usize = 12;

/// The normaliser takes away what changes from run to run, and the codes are what the files say.
#[test]
fn kube_apiserver_agrees_with_itself() {
    if !binaries::present() {
        return;
    }
    let (target, logs) = kube_apiserver();
    let faults = compare(&target, &target, &mut List::default(), &logs);
    assert!(faults.is_empty(), "{} steps:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn tmc_dev_answers_as_kube_apiserver() {
    if !binaries::present() {
        return;
    }
    let (theirs, logs) = kube_apiserver();
    let dev = Dev::start();
    let ours = Target::of(dev.admin().kubeconfig()).expect("a kubeconfig");
    let faults = compare(&theirs, &ours, &mut List::read(), &logs);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// One for all tests here, or the one that `TMC_SEQUENCES_KUBECONFIG` names.
fn kube_apiserver() -> (Target, PathBuf) {
    static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start("sequences"));
    let (kubeconfig, logs) = match std::env::var_os("TMC_SEQUENCES_KUBECONFIG") {
        Some(path) => (path.into(), Path::new(env!("CARGO_MANIFEST_DIR")).join("target/e2e-logs")),
        None => (CLUSTER.admin().kubeconfig().to_owned(), CLUSTER.logs.clone()),
    };
    println!("answers: {}", logs.display());
    (Target::of(&kubeconfig).expect("a kubeconfig"), logs)
}

/// Plays every sequence on both and returns what is wrong. The answers are written to `logs`.
fn compare(theirs: &Target, ours: &Target, list: &mut List, logs: &Path) -> Vec<String> {
    let sequences = data::load();
    let run = rand::random::<u16>();
    let sides = if std::ptr::eq(theirs, ours) { ["a", "b"] } else { ["a", "a"] };
    let played = block_on(
        iter(sequences.iter().enumerate())
            .map(|(at, sequence)| async move {
                let [a, b] = sides.map(|side| format!("q{run:04x}{at:03}{side}"));
                futures::join!(play::play(theirs, sequence, &a), play::play(ours, sequence, &b))
            })
            .buffered(TOGETHER)
            .collect::<Vec<_>>(),
    );
    let mut faults = Vec::new();
    let mut transcript = String::new();
    for (sequence, (a, b)) in sequences.iter().zip(played) {
        for (step, (mut a, mut b)) in sequence.steps.iter().zip(a.into_iter().zip(b)) {
            list.without_absent(&mut a);
            list.without_annotations(&mut b);
            let _ = writeln!(transcript, "{}: {}\n  {a}", sequence.name, step.name());
            if a != b {
                let _ = writeln!(transcript, "+ {b}");
            }
            faults.extend(judge(sequence, step, &a, &b, list));
        }
    }
    std::fs::write(logs.join("answers.txt"), transcript).expect("write the answers");
    faults.extend(list.unused());
    faults
}

/// What is wrong with the answers of the two.
fn judge(sequence: &Sequence, step: &Step, theirs: &Value, ours: &Value, list: &mut List) -> Option<String> {
    let named = format!("{}: {}", sequence.name, step.name());
    if let Some(Action::Request { code, .. } | Action::Watch { code, .. }) = step.action()
        && theirs["code"] != code
    {
        return Some(format!("{named}\n    kube-apiserver says otherwise: {theirs}"));
    }
    let mut differences = between(theirs, ours);
    differences.retain(|difference| !list.knows(&sequence.name, step.name(), difference));
    let lines: Vec<_> = differences.iter().map(ToString::to_string).collect();
    (!lines.is_empty()).then(|| format!("{named}\n{}", lines.join("\n")))
}
