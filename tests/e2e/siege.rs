//! An attack, and an ordinary client beside it: what becomes of him and of the server's memory. Knows no
//! protocol that attacks.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::env::Env;
use crate::fixture::{VIEWS, block_on, object_name, workspace};
use crate::wait::seconds;
use crate::wire::Server;

/// What an attack may add to what the server holds.
const MORE_MIB: u64 = 96;
/// How long the ordinary client may wait on a machine that is busy attacking.
const PATIENCE: Duration = seconds(5);

pub struct Siege {
    pub env: Env,
    /// The ordinary client.
    honest: Server,
    path: String,
    before: u64,
}

impl Siege {
    pub fn start(name: &str) -> Self {
        let env = Env::start(name);
        let workspace = workspace();
        env.targets.healthy(&object_name(&workspace, "a"), &workspace, 1);
        env.targets.until_deployments(&workspace, 1);
        let honest = env.wire();
        let path = format!("{VIEWS}/{workspace}");
        block_on(honest.get(&path, &[])).expect("the ordinary client is served before");
        let before = env.tmc.resident_mib();
        Self { env, honest, path, before }
    }

    /// Runs the attack to its end while the ordinary client asks again and again.
    #[track_caller]
    pub fn attack<T: Send + 'static>(
        &self,
        what: &str,
        attack: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let start = Instant::now();
        let (outcome, served, slowest) = block_on(async {
            let mut attacks = JoinSet::new();
            attacks.spawn(attack);
            let (mut served, mut slowest) = (0, Duration::ZERO);
            loop {
                if let Some(ended) = attacks.try_join_next() {
                    return (ended.expect("the attack itself does not fail"), served, slowest);
                }
                let asked = Instant::now();
                let answer = self.honest.get(&self.path, &[]).await.expect("the ordinary client is answered");
                assert_eq!(answer.status, 200, "{what}: {}", answer.body);
                (served, slowest) = (served + 1, slowest.max(asked.elapsed()));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let resident = self.env.tmc.resident_mib();
        println!(
            "{what}: after {:.2?}; {served} ordinary answers, the slowest {slowest:.2?}; {resident} MiB, {} before",
            start.elapsed(),
            self.before
        );
        assert!(served > 0, "{what}: the ordinary client was served");
        assert!(slowest < PATIENCE, "{what}: the ordinary client waited {slowest:?}");
        assert!(resident < self.before + MORE_MIB, "{what}: {resident} MiB, {} before", self.before);
        outcome
    }

    /// Nothing of it all panicked, and it still is ready.
    pub fn survived(&self) {
        let log = self.env.tmc.log();
        assert!(!log.contains("panicked"), "{log}");
        let ready = block_on(self.honest.get("/readyz", &[])).expect("an answer");
        assert_eq!(ready.status, 200, "{}", ready.body);
    }
}
