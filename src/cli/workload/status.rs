//! `tmc workload status`: how a SyncTarget is, for a person.

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{flags, kubectl};
use crate::{
    api::workload::condition,
    cli::{say, upstream::UpstreamArgs},
    registration::{apply::find, kinds, manifests::yaml},
};

#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    upstream: UpstreamArgs,

    /// Name of the SyncTarget
    #[arg(value_name = "NAME")]
    name: String,

    /// How to print
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
    Yaml,
}

pub async fn run(args: &StatusArgs) -> anyhow::Result<()> {
    let upstream = args.upstream.connect().await?;
    let found = find(&upstream, kinds::SYNC_TARGET, "", &args.name).await?;
    let target = found.with_context(|| {
        format!("there is no SyncTarget {}: see {} get synctargets", args.name, kubectl(&args.upstream))
    })?;
    match args.output {
        Output::Json => say(serde_json::to_string_pretty(&target)?),
        Output::Yaml => say(yaml(&[target])?.trim_end()),
        Output::Text => {
            lines(&target).iter().for_each(say);
            say(format!("Next: {}", next(&target, args)));
        }
    }
    Ok(())
}

fn text<'a>(value: &'a Value, otherwise: &'a str) -> &'a str {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or(otherwise)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What was told and what is known, the bad before the good.
pub fn lines(target: &Value) -> Vec<String> {
    let (spec, status) = (&target["spec"], &target["status"]);
    let nobody = "nobody has said yet";
    let mut lines = vec![
        format!("SyncTarget  {}", text(&target["metadata"]["name"], "")),
        format!("Workspace   {}", text(&spec["kcpCluster"], "that which stores it")),
        format!("Syncer      {}", text(&status["syncerVersion"], nobody)),
        format!("Last seen   {}", text(&status["lastSyncerHeartbeatTime"], "never")),
        format!("Kubernetes  {}", text(&status["kubernetesVersion"], nobody)),
    ];
    if spec["unschedulable"] == true {
        lines.push("Cordoned    yes: it takes no new workloads".to_owned());
    }
    if let (Some(total), Some(ready)) =
        (status["nodeSummary"]["total"].as_u64(), status["nodeSummary"]["ready"].as_u64())
    {
        lines.push(format!("Nodes       {ready}/{total} ready"));
    }
    lines.push("Conditions".to_owned());
    let mut conditions: Vec<_> = array(&status["conditions"]).iter().collect();
    conditions.sort_by_key(|condition| condition["status"] == "True");
    lines.extend(conditions.into_iter().map(|condition| {
        let (kind, state, reason) = (&condition["type"], &condition["status"], &condition["reason"]);
        let line = format!("  {:<24} {:<8} {}", text(kind, ""), text(state, ""), text(reason, ""));
        let message = text(&condition["message"], "").replace('\n', "\n      ");
        if message.is_empty() { line } else { format!("{line}\n      {message}") }
    }));
    let rows = array(&status["resources"]);
    if !rows.is_empty() {
        lines.push(format!("{:<32} {:>8} {:>8} {:>8}", "Resources", "total", "ready", "present"));
        lines.extend(rows.iter().map(resource));
    }
    let problems = array(&status["problems"]);
    if !problems.is_empty() {
        lines.push("Problems".to_owned());
        lines.extend(problems.iter().map(problem));
    }
    lines
}

fn resource(row: &Value) -> String {
    let group = text(&row["group"], "");
    let dot = if group.is_empty() { "" } else { "." };
    let name = format!("{}{dot}{group}", text(&row["resource"], ""));
    let number =
        |field: &str| row[field].as_u64().map_or_else(|| "-".to_owned(), |number| number.to_string());
    format!("  {name:<30} {:>8} {:>8} {:>8}", number("total"), number("ready"), number("present"))
}

fn problem(problem: &Value) -> String {
    let field = |field: &str| text(&problem[field], "").to_owned();
    let (kind, namespace, name) = (field("kind"), field("namespace"), field("name"));
    let place = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    format!("  {kind} {place}{name}: {}: {}", field("reason"), field("message"))
}

/// The most useful command now.
fn next(target: &Value, args: &StatusArgs) -> String {
    let conditions = array(&target["status"]["conditions"]);
    let ready = conditions.iter().any(|one| one["type"] == condition::READY && one["status"] == "True");
    match (target["spec"]["unschedulable"] == true, ready) {
        (true, _) => format!("tmc workload uncordon {}{}", args.name, flags(&args.upstream)),
        (false, true) => format!("{} get aggregatedviews", kubectl(&args.upstream)),
        (false, false) => format!("{} get synctarget {} -w", kubectl(&args.upstream), args.name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_comes_first() {
        let target = json!({
            "metadata": {"name": "east"}, "spec": {"unschedulable": true},
            "status": {
                "conditions": [
                    {"type": "Ready", "status": "True", "reason": "AsExpected"},
                    {"type": "ResourcesSynced", "status": "False", "reason": "Conflicts", "message": "a\nb"},
                ],
                "resources": [{"group": "apps", "resource": "deployments", "total": 3, "ready": 2}],
                "problems": [{"kind": "Deployment", "namespace": "shop", "name": "web", "reason": "X", "message": "y"}],
            },
        });
        let lines = lines(&target).join("\n");
        assert!(lines.find("ResourcesSynced") < lines.find("  Ready "), "{lines}");
        for part in ["Cordoned", "deployments.apps", "shop/web", "never", "\n      a\n      b"] {
            assert!(lines.contains(part), "{part}: {lines}");
        }
        assert!(super::lines(&json!({})).iter().any(|line| line.contains("nobody has said yet")));
    }
}
