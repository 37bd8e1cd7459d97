//! The kubeconfig that a run writes. A file that somebody else wrote is never replaced, nor that of a run which goes on:
//! whoever reads it would meet another server.

use std::{io::ErrorKind, path::Path, time::Duration};

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    controlplane::credentials,
    upstream::{Target, Upstream},
};

/// How long a run that goes on may take to say so.
const ANSWER: Duration = Duration::from_secs(3);

/// Whether a run may write there.
pub async fn check(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("--kubeconfig: cannot write {shown}")),
    };
    if !credentials::are_ours(&text) {
        bail!("--kubeconfig: {shown} was not written by tmc dev and is left alone; name another file");
    }
    let server = Upstream::connect(&Target { kubeconfig: Some(path), ..Target::default() }).await;
    let Ok(server) = server else { return Ok(()) };
    // Only the run that wrote it takes its credentials.
    if let Ok(Ok(_)) = timeout(ANSWER, server.get::<Value>("/version")).await {
        bail!(
            "--kubeconfig: {shown} belongs to a tmc dev that serves on {}; stop that one, or name another file",
            server.server
        );
    }
    Ok(())
}
