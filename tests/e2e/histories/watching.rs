//! Clients that watch while others write, in all the ways there are to begin and to select, until they have seen
//! the last state of all they follow.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{
    Kind,
    record::{Begin, Selection, Watch, version},
    server::Server,
    traffic::OBJECTS,
};

pub const REFERENCE: &str = "reference";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
/// A watch that is cut goes on after so many events.
const CUT: usize = 7;

/// The watches of one resource that begin before anything happens, and those that begin amid the traffic.
pub fn plan(start: u64) -> Vec<Watch> {
    let watch = |title, begin, selection| Watch { title, begin, selection, table: false, events: Vec::new() };
    let after = Begin::After(start);
    let mut table = watch("a table", after, Selection::Everything);
    table.table = true;
    vec![
        watch(REFERENCE, after, Selection::Everything),
        watch("cut and resumed", after, Selection::Everything),
        watch("all workspaces", after, Selection::Everything),
        watch("by label", after, Selection::Red),
        watch("by name", after, Selection::One(1)),
        table,
    ]
}

pub fn late() -> Vec<Watch> {
    let watch = |title, begin, selection| Watch { title, begin, selection, table: false, events: Vec::new() };
    vec![
        watch("from now", Begin::State, Selection::Everything),
        watch("from now by label", Begin::State, Selection::Red),
        watch("streamed", Begin::Streamed, Selection::Everything),
        watch("streamed by label", Begin::Streamed, Selection::Red),
        watch("streamed by name", Begin::Streamed, Selection::One(2)),
    ]
}

/// Follows until the end of the traffic.
pub async fn follow(server: Server, kind: &'static Kind, mut watch: Watch) -> Result<Watch> {
    let across = watch.title == "all workspaces";
    let base = if across { kind.across } else { kind.path };
    let mut begin = watch.begin;
    let mut left = if matches!(watch.selection, Selection::One(_)) { 1 } else { OBJECTS };
    loop {
        let query = match begin {
            Begin::After(version) => format!("&resourceVersion={version}"),
            Begin::State => String::new(),
            Begin::Streamed => "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan".to_owned(),
        };
        let joint = if base.contains('?') { '&' } else { '?' };
        let path = format!("{base}{joint}watch=1&allowWatchBookmarks=true{query}{}", watch.selection.query());
        let accept = if watch.table { TABLE } else { "application/json" };
        let mut lines = server.watch(&path, accept).await?;
        for _ in 0..if watch.title == "cut and resumed" { CUT } else { usize::MAX } {
            let event = lines.next().await?.with_context(|| format!("{}: the watch ended", watch.title))?;
            let object = object(&event);
            if event["type"] == "ERROR" {
                bail!("{}: {event}", watch.title);
            }
            begin = Begin::After(version(object));
            left -= usize::from(event["type"] != "DELETED" && object["metadata"]["labels"]["end"] == "yes");
            watch.events.push(event);
            if left == 0 {
                return Ok(watch);
            }
        }
    }
}

/// What an event is about, in whichever form.
pub fn object(event: &Value) -> &Value {
    let object = &event["object"];
    if object["kind"] == "Table" { object.pointer("/rows/0/object").unwrap_or(object) } else { object }
}
