//! `tmc view`: the table of the aggregated views as `kubectl get aggregatedviews` prints it, for whoever has no
//! kubectl.
//!
//! The server makes the table; only its columns are aligned here.

mod table;

use anyhow::{Context, bail};
use clap::Args;
use http::{Request, header};
use http_body_util::BodyExt;
use serde::Deserialize;

use self::table::{Printer, Table};
use super::upstream::UpstreamArgs;
use crate::{
    api::views::{GROUP, VERSION},
    informers::FrameDecoder,
    upstream::{BODY_LIMIT, Body, Upstream, read_limited, status_error},
};

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const GONE: u16 = 410;

/// Print the aggregated views, one row per workspace
#[derive(Debug, Args)]
pub struct ViewArgs {
    #[command(flatten)]
    upstream: UpstreamArgs,

    /// Go on and print each row that changes
    #[arg(short, long)]
    watch: bool,

    /// More columns
    #[arg(long)]
    wide: bool,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    object: serde_json::Value,
}

pub async fn run(args: ViewArgs) -> anyhow::Result<()> {
    let upstream = args.upstream.connect().await?;
    let mut printer = Printer::new(args.wide);
    loop {
        let table: Table =
            serde_json::from_slice(&list(&upstream).await?).context("the answer is no table")?;
        if table.rows().is_empty() && !args.watch {
            super::say("No resources found");
        }
        let version = table.metadata.resource_version.clone();
        printer.print(&table);
        if !args.watch {
            return Ok(());
        }
        follow(&upstream, version, &mut printer).await?;
    }
}

fn path(query: &str) -> String {
    format!("/apis/{GROUP}/{VERSION}/aggregatedviews{query}")
}

async fn open(upstream: &Upstream, path: &str) -> anyhow::Result<Body> {
    let request = Request::get(path).header(header::ACCEPT, TABLE).body(Vec::new())?;
    let (parts, body) = upstream.send(request).await.with_context(|| upstream.server.clone())?.into_parts();
    if !parts.status.is_success() {
        let bytes = read_limited(body, BODY_LIMIT).await?;
        return Err(status_error(parts.status, &parts.headers, &bytes).into());
    }
    Ok(body)
}

async fn list(upstream: &Upstream) -> anyhow::Result<bytes::Bytes> {
    Ok(read_limited(open(upstream, &path("")).await?, BODY_LIMIT).await?)
}

/// Prints what changes, as long as the server can tell; returns when everything has to be listed anew.
async fn follow(upstream: &Upstream, mut version: String, printer: &mut Printer) -> anyhow::Result<()> {
    loop {
        let query = format!("?watch=true&allowWatchBookmarks=true&resourceVersion={version}");
        let mut body = open(upstream, &path(&query)).await?;
        let mut frames = FrameDecoder::new(BODY_LIMIT);
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { break };
            frames.push(frame.data_ref().map_or(&[], |data| data));
            while let Some(line) = frames.next_frame().ok().context("an event is too long")? {
                let event: Event = serde_json::from_slice(&line).context("an event cannot be read")?;
                if event.kind == "ERROR" {
                    if event.object["code"] == GONE {
                        return Ok(());
                    }
                    bail!("the watch ended: {}", event.object["message"].as_str().unwrap_or_default());
                }
                let table: Table = serde_json::from_value(event.object).context("an event is no table")?;
                version = table.version().unwrap_or(version);
                if event.kind != "BOOKMARK" {
                    printer.print(&table);
                }
            }
        }
    }
}
