//! Flags of every command that talks to a Kubernetes API.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use crate::upstream::{
    Target, Upstream,
    settings::{Overrides, Settings},
};

#[derive(Clone, Debug, Default, Args)]
pub struct UpstreamArgs {
    /// Kubeconfig file; else $KUBECONFIG, then ~/.kube/config, then in-cluster
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig; else its current one
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

impl UpstreamArgs {
    pub async fn connect(&self) -> anyhow::Result<Upstream> {
        let target = Target {
            kubeconfig: self.kubeconfig.as_deref(),
            context: self.context.as_deref(),
            ..Target::default()
        };
        Upstream::connect(&target).await
    }

    /// The same with what the connection is made of, for a caller who hands it on.
    pub async fn read(&self) -> anyhow::Result<(Upstream, Settings)> {
        let target = Target {
            kubeconfig: self.kubeconfig.as_deref(),
            context: self.context.as_deref(),
            ..Target::default()
        };
        let settings = Settings::read(&target, &Overrides::default()).await?;
        Ok((settings.clone().connect()?, settings))
    }
}

/// `60s`, `2m`, `500ms`, `1h`, or plain seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    match number.parse::<u32>() {
        Ok(number) if milliseconds > 0 => Ok(Duration::from_millis(u64::from(number) * milliseconds)),
        _ => Err("give seconds, or a number with ms, s, m or h, for example 60s".to_owned()),
    }
}

/// The longest wait before a shutdown that can be meant.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

/// A [`duration`] of at most an hour.
pub fn delay(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        delay if delay > LONGEST_DELAY => Err("it is longer than 1h".to_owned()),
        delay => Ok(delay),
    }
}

#[cfg(test)]
mod tests;
