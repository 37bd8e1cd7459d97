//! The live part of a watch: events after the cursor, in order, each once.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::{End, Phase, Watcher};
use crate::apiserver::{
    log::{Event, EventKind},
    object::Object,
    rest::{frames::FRAME, selection::visible},
};

/// Events taken from the ring at once.
const BATCH: usize = 256;

impl Watcher {
    /// The frames of the next events, or what else there is to say; `None` to be called again.
    pub(super) async fn live(&mut self) -> Result<Option<Bytes>, End> {
        self.head.mark_unchanged();
        // A reader that fell out of the ring is cut; where it resumes, it is told to list anew.
        let (events, reached) = self.log.events_after(self.cursor, BATCH).map_err(|_| End::Clean)?;
        self.phase = Phase::Live;
        if events.is_empty() {
            self.cursor = reached;
            return self.wait().await;
        }
        let full = events.len() == BATCH;
        let bytes = self.frames(&events, reached).await?;
        if bytes.is_none() && full {
            // A selective watcher far behind must not keep the thread.
            tokio::task::yield_now().await;
        }
        Ok(bytes)
    }

    /// The frames of the events that concern this watcher, at most about 64 KiB, and the cursor moved on.
    async fn frames(&mut self, events: &[Arc<Event>], reached: u64) -> Result<Option<Bytes>, End> {
        let mut batch = Batch::default();
        for event in events {
            let Some(frame) = self.frame(event).await? else { continue };
            self.observer.event_delivered(&self.info, frame.len());
            batch.push(frame);
            if batch.len >= FRAME / 2 {
                self.cursor = event.resource_version;
                return Ok(batch.finish());
            }
        }
        self.cursor = reached;
        Ok(batch.finish())
    }

    async fn frame(&mut self, event: &Event) -> Result<Option<Bytes>, End> {
        let Some((kind, object)) = self.transition(event) else { return Ok(None) };
        if !visible(self.access.as_ref(), &event.object.key.name).await? {
            return Ok(None);
        }
        let shared = kind == event.kind && self.encoder.shares_frames();
        let encoder = &mut self.encoder;
        let mut write = || {
            let mut out = Vec::with_capacity(object.json_len() + 64);
            encoder.write(&mut out, kind, &object);
            Bytes::from(out)
        };
        Ok(Some(if shared { event.frame.get_or_init(write).clone() } else { write() }))
    }

    /// What the change is to this watcher: rows enter and leave a selection.
    fn transition(&self, event: &Event) -> Option<(EventKind, Arc<Object>)> {
        let is_in = event.kind != EventKind::Deleted && self.selection.matches(&event.object);
        let was_in = event.kind != EventKind::Added
            && self.selection.matches(event.previous.as_ref().unwrap_or(&event.object));
        match (was_in, is_in) {
            (false, true) => Some((EventKind::Added, event.object.clone())),
            (true, true) => Some((EventKind::Modified, event.object.clone())),
            (true, false) if event.kind == EventKind::Deleted => {
                Some((EventKind::Deleted, event.object.clone()))
            }
            // The client knows the state before; it is gone for him since this version.
            (true, false) => {
                let before = event.previous.as_ref().unwrap_or(&event.object);
                Some((EventKind::Deleted, Arc::new(before.at(event.resource_version))))
            }
            (false, false) => None,
        }
    }

    /// Waits for whatever comes first.
    async fn wait(&mut self) -> Result<Option<Bytes>, End> {
        let bookmark = self.timing.bookmark();
        tokio::select! {
            biased;
            () = sleep_until(self.timing.deadline()) => Err(End::Clean),
            () = &mut self.changed => Err(self.rows_changed().into()),
            () = self.shutdown.cancelled(), if !self.timing.is_shutting_down() => Ok(None),
            () = sleep_until(bookmark.unwrap_or_else(Instant::now)), if bookmark.is_some() => {
                self.timing.schedule(Instant::now());
                Ok(Some(self.encoder.bookmark(self.cursor, false)))
            }
            // Nobody publishes any more once the sender is gone.
            changed = self.head.changed() => changed.map(|()| None).map_err(|_| End::Clean),
        }
    }
}

/// Frames that go out together. A single one stays the bytes all watchers share.
#[derive(Default)]
struct Batch {
    first: Option<Bytes>,
    joined: Vec<u8>,
    len: usize,
}

impl Batch {
    fn push(&mut self, frame: Bytes) {
        self.len += frame.len();
        if self.len == frame.len() {
            self.first = Some(frame);
            return;
        }
        if let Some(first) = self.first.take() {
            self.joined.extend_from_slice(&first);
        }
        self.joined.extend_from_slice(&frame);
    }

    fn finish(self) -> Option<Bytes> {
        self.first.or_else(|| (!self.joined.is_empty()).then(|| self.joined.into()))
    }
}
