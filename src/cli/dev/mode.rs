//! `tmc dev fail`, `restrict`, `partition` and `heal`: how a simulated cluster is, told to the running `tmc dev`.
//!
//! An ordinary request to the cluster's own API server: it writes a ConfigMap there, which the simulation follows.
//! `kubectl` can do the same.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use crate::{
    controlplane::simulation::Mode,
    upstream::{Target, Upstream, UpstreamError},
};

/// The kubeconfig of a run that was not told where to write it.
pub const KUBECONFIG: &str = "tmc.kubeconfig";
/// The ConfigMap that says how a simulated cluster is.
pub const NAMESPACE: &str = "kube-system";
pub const NAME: &str = "simulated-cluster";
pub const KEY: &str = "mode";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a simulated cluster fail: its nodes and workloads are down, its target becomes Unhealthy
    Fail(Cluster),
    /// Take a right from a simulated cluster's syncer: its target becomes Degraded
    Restrict(Cluster),
    /// Cut a simulated cluster off: its workloads run on, its target becomes Unknown after 40 seconds
    Partition(Cluster),
    /// Make a simulated cluster whole again
    Heal(Cluster),
}

#[derive(Debug, Args)]
pub struct Cluster {
    /// Its name, for example east
    name: String,
    /// The kubeconfig that the running `tmc dev` has written
    #[arg(long, value_name = "FILE", default_value = KUBECONFIG)]
    kubeconfig: PathBuf,
}

impl Command {
    pub async fn run(self) -> anyhow::Result<()> {
        let (mode, cluster) = match self {
            Self::Fail(cluster) => (Mode::Failing, cluster),
            Self::Restrict(cluster) => (Mode::Restricted, cluster),
            Self::Partition(cluster) => (Mode::Partitioned, cluster),
            Self::Heal(cluster) => (Mode::Healthy, cluster),
        };
        let Cluster { name, kubeconfig } = cluster;
        let own = find(&kubeconfig, &name)?;
        let api = Upstream::connect(&Target { kubeconfig: Some(&own), ..Target::default() }).await?;
        set(&api, mode).await.map_err(|error| match error {
            UpstreamError::Unreachable(_) | UpstreamError::Timeout(_) => {
                anyhow::anyhow!("no `tmc dev` is running behind {}; start one with `tmc dev`", own.display())
            }
            error => error.into(),
        })?;
        crate::cli::say(format_args!("cluster {name} is {mode}"));
        Ok(())
    }
}

/// Says how a cluster is from now on.
pub async fn set(api: &Upstream, mode: Mode) -> Result<(), UpstreamError> {
    let path = format!("/api/v1/namespaces/{NAMESPACE}/configmaps");
    let patch = json!({"data": {KEY: mode.to_string()}}).to_string().into_bytes();
    let one = format!("{path}/{NAME}");
    let patched = api.json::<Value>(Method::PATCH, &one, Some("application/merge-patch+json"), patch).await;
    match patched {
        Err(UpstreamError::Status { code: http::StatusCode::NOT_FOUND, .. }) => {
            let body = config_map(mode).to_string().into_bytes();
            api.json::<Value>(Method::POST, &path, Some("application/json"), body).await.map(drop)
        }
        patched => patched.map(drop),
    }
}

pub fn config_map(mode: Mode) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "data": {KEY: mode.to_string()},
    })
}

/// `tmc-east.kubeconfig` beside `tmc.kubeconfig`.
pub fn kubeconfig_of(main: &Path, cluster: &str) -> PathBuf {
    let stem = main.file_stem().unwrap_or_default().to_string_lossy();
    let extension = main.extension().map(|extension| format!(".{}", extension.to_string_lossy()));
    main.with_file_name(format!("{stem}-{cluster}{}", extension.unwrap_or_default()))
}

/// The kubeconfig of a cluster, or who would have written it.
fn find(main: &Path, cluster: &str) -> anyhow::Result<PathBuf> {
    if cluster.is_empty() || !cluster.bytes().all(|byte| byte.is_ascii_lowercase()) {
        bail!("{cluster:?} is not the name of a simulated cluster, as east is one");
    }
    let own = kubeconfig_of(main, cluster);
    match std::fs::metadata(&own) {
        Ok(_) => Ok(own),
        Err(error) if error.kind() == ErrorKind::NotFound && !main.exists() => {
            bail!(
                "no `tmc dev` is running here: there is no {}; start one, or name its --kubeconfig",
                main.display()
            )
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let there = super::clusters::NAMES.into_iter().filter(|name| kubeconfig_of(main, name).exists());
            let there: Vec<_> = there.collect();
            bail!("there is no simulated cluster {cluster:?}; there are: {}", there.join(", "))
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", own.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clusters_kubeconfig_lies_beside_the_main_one() {
        for (main, expected) in [
            ("tmc.kubeconfig", "tmc-east.kubeconfig"),
            ("/a/b/config", "/a/b/config-east"),
            ("x/a.b.yaml", "x/a.b-east.yaml"),
        ] {
            assert_eq!(kubeconfig_of(Path::new(main), "east"), Path::new(expected));
        }
    }

    #[test]
    fn what_is_not_there_is_said_clearly() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("tmc.kubeconfig");
        let said = |cluster: &str| find(&main, cluster).unwrap_err().to_string();
        assert!(said("east").starts_with("no `tmc dev` is running here"), "{}", said("east"));
        for name in ["tmc.kubeconfig", "tmc-east.kubeconfig", "tmc-west.kubeconfig"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(find(&main, "east").is_ok());
        assert_eq!(said("north"), r#"there is no simulated cluster "north"; there are: east, west"#);
        assert!(said("../x").contains("not the name"));
    }
}
