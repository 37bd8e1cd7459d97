//! Jobs: complete once all are, failed once one is and none runs any more.

use serde_json::{Map, Value};

use super::{
    Shares,
    conditions::{self, dated, is_true, said},
    counters::counters,
};
use crate::api::share::hold;

const TERMINAL: [&str; 4] = ["Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"];

pub(super) fn combine(shares: &Shares<'_>) -> Map<String, Value> {
    let mut wanted = counters(shares);
    let there = &shares.object["status"];
    let any = |kind: &str| shares.told.iter().any(|share| is_true(share, kind));
    let failing =
        any("Failed") || any("FailureTarget") || hold::is_true(&there["conditions"], "FailureTarget");
    let running = |name: &str| wanted.get(name).and_then(Value::as_i64).unwrap_or(0) > 0;
    // Kubernetes takes no Job for failed that still has Pods; that it will fail is said at once.
    let failed =
        failing && !running("active") && !running("terminating") && (any("Failed") || !any("FailureTarget"));
    let complete =
        !failing && shares.is_complete() && shares.told.iter().all(|share| is_true(share, "Complete"));

    let mut conditions = conditions::merge(shares, |_| false);
    conditions.retain(|condition| !TERMINAL.iter().any(|kind| condition["type"] == *kind));
    let ends = [
        ("FailureTarget", failing),
        ("Failed", failed),
        ("SuccessCriteriaMet", complete),
        ("Complete", complete),
    ];
    conditions.extend(ends.into_iter().filter(|(_, holds)| *holds).map(|(kind, _)| end(shares, kind)));
    wanted.insert("conditions".to_owned(), conditions.into());

    let times =
        |name: &'static str| shares.told.iter().filter_map(move |share| share.status.get(name)?.as_str());
    let now = shares.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let start =
        times("startTime").min().map(str::to_owned).or_else(|| (failed || complete).then(|| now.clone()));
    if let Some(start) = start {
        if complete {
            let end = times("completionTime").max().unwrap_or(&now).max(&start).to_owned();
            wanted.insert("completionTime".to_owned(), end.into());
        }
        wanted.insert("startTime".to_owned(), start.into());
    }
    wanted
}

/// In the words of the first who says it, or says what it follows from.
fn end(shares: &Shares<'_>, kind: &str) -> Value {
    let follows_from = match kind {
        "FailureTarget" => ["FailureTarget", "Failed"],
        "Failed" => ["Failed", "FailureTarget"],
        _ => [kind, "Complete"],
    };
    let mut said = follows_from
        .into_iter()
        .flat_map(|kind| shares.told.iter().filter_map(move |share| Some((share.target, said(share, kind)?))))
        .filter(|(_, condition)| condition["status"] == "True");
    let (reason, message) = match said.next() {
        Some((target, condition)) => {
            let text = |member: &str| condition[member].as_str().unwrap_or_default();
            let message = text("message");
            let named = if message.is_empty() { String::new() } else { format!("{target}: {message}") };
            (text("reason").to_owned(), named)
        }
        None => (String::new(), String::new()),
    };
    dated(shares, kind, "True", &reason, &message, &[])
}
