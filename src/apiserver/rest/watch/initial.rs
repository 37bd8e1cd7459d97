//! The initial state of a watch: one snapshot as ADDED frames, nothing of the live stream between them.

use std::sync::Arc;

use bytes::Bytes;

use super::{End, Phase, Watcher};
use crate::apiserver::{
    items::ItemFormat,
    log::EventKind,
    object::Key,
    rest::{
        document::of_segment,
        frames::{FRAME, Frames},
        selection::visible,
    },
    snapshot::Snapshot,
};

/// How far the snapshot has been sent.
pub(super) struct Initial {
    snapshot: Arc<Snapshot>,
    end_bookmark: bool,
    /// Segments that went out as shared bytes.
    segments: usize,
    /// Frames of a segment that are not sent yet.
    frames: Option<Frames>,
    /// The last key that was looked at, where rows go out one by one.
    last: Option<Key>,
}

impl Initial {
    pub(super) fn new(snapshot: Arc<Snapshot>, end_bookmark: bool) -> Self {
        Self { snapshot, end_bookmark, segments: 0, frames: None, last: None }
    }
}

impl Watcher {
    /// The next piece of the initial state, and after the last one the bookmark that says so.
    pub(super) async fn initial(&mut self, mut initial: Initial) -> Result<Option<Bytes>, End> {
        let whole = self.encoder.shares_frames() && self.selection.is_everything() && self.access.all();
        let bytes = match whole {
            true => self.shared(&mut initial),
            false => self.selected(&mut initial).await?,
        };
        if bytes.is_some() {
            self.phase = Phase::Initial(initial);
            return Ok(bytes);
        }
        self.cursor = initial.snapshot.resource_version;
        self.phase = Phase::Live;
        if !initial.end_bookmark {
            return Ok(None);
        }
        let took = tokio::time::Instant::now() - self.timing.started;
        self.observer.watch_list_done(&self.info, took);
        Ok(Some(self.encoder.bookmark(self.cursor, true)))
    }

    /// Whole segments, shared with every other watcher that starts at this time.
    fn shared(&self, initial: &mut Initial) -> Option<Bytes> {
        loop {
            if let Some(bytes) = initial.frames.as_mut().and_then(Iterator::next) {
                return Some(bytes);
            }
            let segment = initial.snapshot.segments().get(initial.segments)?;
            initial.segments += 1;
            for object in &segment.objects {
                self.observer.event_delivered(&self.info, object.json_len());
            }
            initial.frames = Some(Frames::new(of_segment(segment, ItemFormat::Added, &self.encoded)));
        }
    }

    /// Selected and visible rows, copied.
    async fn selected(&mut self, initial: &mut Initial) -> Result<Option<Bytes>, End> {
        let mut out = Vec::new();
        let snapshot = initial.snapshot.clone();
        if let Some(key) = self.selection.key(&self.info) {
            let object = snapshot.get(&key).filter(|object| self.selection.matches(object));
            if let Some(object) = object
                && initial.last.replace(key.clone()).is_none()
                && visible(self.access.as_ref(), &key.name).await?
            {
                self.encoder.write(&mut out, EventKind::Added, object);
                self.observer.event_delivered(&self.info, out.len());
            }
            return Ok((!out.is_empty()).then(|| out.into()));
        }
        let floor = initial.last.clone().unwrap_or_else(|| self.selection.floor());
        for object in snapshot.after(&floor) {
            if self.selection.is_past(&object.key) {
                break;
            }
            if self.selection.matches(object) && visible(self.access.as_ref(), &object.key.name).await? {
                let before = out.len();
                self.encoder.write(&mut out, EventKind::Added, object);
                self.observer.event_delivered(&self.info, out.len() - before);
                if out.len() >= FRAME / 2 {
                    initial.last = Some(object.key.clone());
                    return Ok(Some(out.into()));
                }
            }
        }
        // Nothing is left: the next call starts after the last key there is.
        initial.last = snapshot.last().map(|object| object.key.clone());
        Ok((!out.is_empty()).then(|| out.into()))
    }
}
