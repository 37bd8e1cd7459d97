//! When it is looked at anew, and what stops the process. Time is paused.

use std::{fs, os::unix::fs::PermissionsExt};

use tokio::task::JoinSet;

use super::*;
use crate::security::{
    context::{Code, facts::SideName},
    transport::Origin,
};
use crate::upstream::Target;

const KUBECONFIG: &str = r#"{"clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {"token": "opaque"}}],
    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}], "current-context": "x"}"#;

struct Setup {
    folder: tempfile::TempDir,
    changed: watch::Sender<u64>,
    refused: Arc<Notify>,
    verdict: watch::Receiver<Arc<Verdict>>,
}

fn setup(enforcement: Enforcement) -> (Setup, Guard) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    fs::write(&path, KUBECONFIG).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let (changed, refused, verdict) =
        (watch::Sender::new(0), Arc::new(Notify::new()), watch::Sender::default());
    let side = SideSource {
        name: SideName::Upstream,
        origin: Origin { kubeconfig: Some(path), ..Origin::of(&Target::default()) },
        upstream: None,
        audiences: Vec::new(),
    };
    let setup =
        Setup { folder, changed: changed.clone(), refused: refused.clone(), verdict: verdict.subscribe() };
    let guard = Guard {
        sides: vec![side],
        given: Given::default(),
        enforcement,
        changes: vec![changed.subscribe()],
        refused,
        verdict,
    };
    (setup, guard)
}

impl Setup {
    fn open_to(&self, mode: u32) {
        let path = self.folder.path().join("kubeconfig");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn has(&self, code: Code) -> bool {
        self.verdict.borrow().findings.iter().any(|finding| finding.code == code)
    }
}

#[tokio::test(start_paused = true)]
async fn it_looks_again_after_a_while_and_when_a_file_has_changed() {
    let (mut setup, guard) = setup(Enforcement::Warn);
    let (mut asked, shutdown) = (Asked::default(), CancellationToken::new());
    guard.look(&mut asked).await.unwrap();
    assert!(!setup.has(Code::FilePermissions), "{:?}", setup.verdict.borrow());
    setup.verdict.mark_unchanged();
    let mut tasks = JoinSet::new();
    tasks.spawn(guard.run(asked, shutdown.clone()));

    setup.open_to(0o644);
    setup.verdict.changed().await.unwrap();
    assert!(setup.has(Code::FilePermissions), "seen once the time had passed");
    assert!(!setup.verdict.borrow().is_fatal());

    setup.open_to(0o600);
    let before = tokio::time::Instant::now();
    setup.changed.send_modify(|generation| *generation += 1);
    setup.verdict.changed().await.unwrap();
    assert!(!setup.has(Code::FilePermissions));
    assert!(before.elapsed() < EVERY, "seen because a file had changed");

    setup.open_to(0o622);
    setup.refused.notify_one();
    setup.verdict.changed().await.unwrap();
    assert!(setup.verdict.borrow().is_fatal(), "it goes on in mode warn");
    shutdown.cancel();
    tasks.join_next().await.unwrap().unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_fatal_finding_stops_where_it_is_enforced() {
    let (setup, guard) = setup(Enforcement::Enforce);
    let mut asked = Asked::default();
    guard.look(&mut asked).await.unwrap();
    setup.open_to(0o666);
    let error = guard.run(asked, CancellationToken::new()).await.unwrap_err().to_string();
    assert!(error.contains("--security-mode=enforce") && error.contains("FilePermissions"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_source_of_changes_that_went_away_wakes_nobody() {
    let (setup, guard) = setup(Enforcement::Warn);
    let Setup { changed, mut verdict, folder, .. } = setup;
    let mut asked = Asked::default();
    guard.look(&mut asked).await.unwrap();
    verdict.mark_unchanged();
    drop(changed);
    let mut tasks = JoinSet::new();
    let shutdown = CancellationToken::new();
    tasks.spawn(guard.run(asked, shutdown.clone()));
    fs::set_permissions(folder.path().join("kubeconfig"), fs::Permissions::from_mode(0o644)).unwrap();
    let before = tokio::time::Instant::now();
    verdict.changed().await.unwrap();
    assert!(before.elapsed() >= EVERY);
    shutdown.cancel();
    tasks.join_all().await;
}
