//! Where the programs under test are: Kubernetes' own from the cache that `make kube-binaries` fills, and
//! the `tmc` that cargo built. Decides whether tests on a real Kubernetes can run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Once;

const KUBERNETES: &str = "v1.36.3";
const ETCD: &str = "etcd-v3.7.3";
const HELM: &str = "helm-v4.2.4";
const KWOK: &str = "kwok-v0.8.0";

fn cache() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/kube")
}

pub fn kubernetes(command: &str) -> PathBuf {
    cache().join(KUBERNETES).join(command)
}

pub fn etcd() -> PathBuf {
    cache().join(ETCD).join("etcd")
}

pub fn kwok() -> PathBuf {
    cache().join(KWOK).join("kwok")
}

/// What kwok's Nodes and Pods live through.
pub fn kwok_stages() -> PathBuf {
    cache().join(KWOK).join("stages.yaml")
}

/// The client-go program of `tests/kube/clients`.
pub fn clients() -> PathBuf {
    cache().join("clients/clients")
}

/// The program of `tests/kube/protobuf`.
pub fn protobuf() -> PathBuf {
    cache().join("protobuf/protobuf")
}

/// The program of `tests/kube/shapes`.
pub fn shapes() -> PathBuf {
    cache().join("shapes/shapes")
}

/// A real Helm; nothing but its own test needs it.
pub fn helm() -> PathBuf {
    cache().join(HELM).join("helm")
}

/// The `tmc` of this build: cargo names it to tests; an example lies one folder below it.
pub fn tmc() -> PathBuf {
    option_env!("CARGO_BIN_EXE_tmc").map_or_else(|| beside("tmc"), PathBuf::from)
}

/// The `syncer` of this build.
pub fn syncer() -> PathBuf {
    option_env!("CARGO_BIN_EXE_syncer").map_or_else(|| beside("syncer"), PathBuf::from)
}

fn beside(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the path of this program");
    own.parent().and_then(Path::parent).expect("examples/ lies in the build folder").join(name)
}

/// Whether all of Kubernetes is there. Its absence is said once and skips, or fails if `TMC_REQUIRE_KUBE=1`.
pub fn present() -> bool {
    let all = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"].map(kubernetes);
    let others = [etcd(), kwok(), kwok_stages(), clients()];
    let missing: Vec<_> = all.into_iter().chain(others).filter(|path| !path.exists()).collect();
    if missing.is_empty() {
        return true;
    }
    let required = std::env::var_os("TMC_REQUIRE_KUBE").is_some_and(|value| value == "1");
    assert!(!required, "TMC_REQUIRE_KUBE=1, but missing: {missing:?}; run `make kube-binaries`");
    static SAID: Once = Once::new();
    // Past the test runner's capture: a skip that nobody sees is no skip.
    SAID.call_once(|| {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: the tests on a real Kubernetes, its binaries are absent; run `make kube-binaries` (needs Go)"
        );
    });
    false
}
