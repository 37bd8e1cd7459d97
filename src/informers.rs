//! Lists and watches of one Kubernetes API, as a stream of whole changes.
//!
//! Fed by [`crate::upstream::Upstream`]; whoever owns the channel consumes [`Event`]s. It knows neither what
//! the objects mean nor who serves them. Everything an upstream can send is bounded by [`Limits`], and
//! nothing it sends is ever logged.

mod ask;
mod backoff;
mod decode;
mod event;
mod fetch;
mod frame;
mod list;
mod metrics;
mod source;
mod trouble;
mod watch;

#[cfg(test)]
pub mod fixtures;

pub use backoff::Backoff;
pub use event::{Change, Event, ObjectMeta, RawObject, Resource, Selection, kept};
pub use fetch::{Fetch, FetchBody};
pub use frame::{FrameDecoder, FrameTooLong};
pub use list::{Counted, Listed, count, list, read};
pub use metrics::Metrics;
pub use source::{Phase, Relist, Source, SourceStatus};
pub use trouble::{RETRY_AFTER_CAP, Trouble};

use std::time::Duration;

/// What one source may cost us, whatever its upstream sends.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One watch event.
    pub frame_bytes: usize,
    /// One page of a list; a longer one is asked for again with half the objects.
    pub page_bytes: usize,
    /// All pages of one list.
    pub list_bytes: usize,
    pub page_objects: usize,
    pub pages: usize,
    pub objects: usize,
    /// Nesting of one object; later readers recurse.
    pub depth: usize,
    /// Until the headers of an answer are there, and again for a page's body.
    pub answer: Duration,
    /// How long the server keeps one watch open: as long as is drawn between `watch_least` and this. Short, since
    /// the end of a watch is the one sign of life that an idle stream surely gives.
    pub watch: Duration,
    pub watch_least: Duration,
    /// A watch on which nothing came for so long, not even a bookmark, is opened anew from where it was.
    pub silence: Duration,
    /// How much longer than that a silent stream is waited for.
    pub grace: Duration,
    /// Between looks for a resource that is not served.
    pub not_installed: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 4 << 20,
            page_bytes: 64 << 20,
            list_bytes: 1 << 30,
            page_objects: 500,
            pages: 5_000,
            objects: 1_000_000,
            depth: 128,
            answer: Duration::from_secs(10),
            watch: Duration::from_secs(20),
            watch_least: Duration::from_secs(20),
            silence: Duration::from_secs(3600),
            grace: Duration::from_secs(5),
            not_installed: Duration::from_secs(3),
        }
    }
}

impl Limits {
    /// For many sources of one upstream that should hardly notice them. Bookmarks come every minute, so a stream
    /// that broke unseen is found all the same.
    pub fn quiet() -> Self {
        Self {
            watch: Duration::from_secs(600),
            watch_least: Duration::from_secs(300),
            silence: Duration::from_secs(180),
            not_installed: Duration::from_secs(300),
            ..Self::default()
        }
    }
}
