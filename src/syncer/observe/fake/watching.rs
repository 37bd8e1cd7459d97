//! One watch of the cluster in memory: every change in order, and a bookmark now and then.

use std::sync::Arc;

use bytes::Bytes;
use http_body::Frame;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{BOOKMARK, Cluster, shown};

/// A watch: where it is, and until when it lasts.
pub(super) struct Watching {
    pub(super) cluster: Arc<Cluster>,
    pub(super) collection: String,
    pub(super) version: u64,
    pub(super) metadata_only: bool,
    pub(super) end: Instant,
    pub(super) bookmark: Instant,
    pub(super) changed: watch::Receiver<()>,
}

impl Watching {
    /// The next line; `None` at the end.
    pub(super) async fn next(mut self) -> Option<(Result<Frame<Bytes>, std::io::Error>, Self)> {
        loop {
            if let Some(line) = self.line()? {
                return Some((Ok(Frame::data(format!("{line}\n").into())), self));
            }
            tokio::select! {
                () = sleep_until(self.end) => return None,
                _ = self.changed.changed() => {}
                () = sleep_until(self.bookmark) => {}
            }
        }
    }

    /// What there is to tell now, in order; `None` at the end.
    fn line(&mut self) -> Option<Option<Value>> {
        let state = self.cluster.state.lock();
        if state.refused.contains_key(&self.collection) {
            return None;
        }
        let known = self.version;
        let new = state.changes.get(&self.collection)?.iter().filter(|change| change.version > known);
        for change in new {
            self.version = change.version;
            if !state.lost.contains(&change.version) {
                return Some(Some(
                    json!({"type": change.what, "object": shown(&change.object, self.metadata_only)}),
                ));
            }
        }
        if Instant::now() < self.bookmark {
            return Some(None);
        }
        self.bookmark += BOOKMARK;
        self.version = state.version;
        let metadata = json!({"resourceVersion": self.version.to_string()});
        Some(Some(json!({"type": "BOOKMARK", "object": {"metadata": metadata}})))
    }
}
