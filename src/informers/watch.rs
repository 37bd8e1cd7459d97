//! One watch: from a version until it ends, breaks or makes no sense.

use std::{pin::Pin, time::Duration};

use http::StatusCode;
use http_body_util::BodyExt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand::RngExt;
use tokio::time::{Sleep, sleep};

use super::{
    Limits,
    ask::Ask,
    decode::{self, Frame},
    event::{Change, Resource},
    fetch::{Fetch, FetchBody},
    frame::FrameDecoder,
    list::open,
    trouble::Trouble,
};

/// An open watch. `version` is always one it is safe to go on from.
pub(super) struct Watch<'a> {
    resource: Resource,
    limits: &'a Limits,
    version: &'a mut String,
    body: FetchBody,
    decoder: FrameDecoder,
    until: Pin<Box<Sleep>>,
    across: bool,
}

impl<'a> Watch<'a> {
    pub(super) async fn open(
        fetch: &dyn Fetch,
        ask: &Ask,
        limits: &'a Limits,
        version: &'a mut String,
    ) -> Result<Self, Trouble> {
        let length = length(limits);
        let path = ask.path(&format!(
            "watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
            length.as_secs(),
            utf8_percent_encode(version, NON_ALPHANUMERIC)
        ));
        let body = open(fetch, &path, ask.watch_type(), limits.answer).await?;
        // The server ends a watch on time; one that trickles on for longer is not trusted to be alive.
        let until = Box::pin(sleep(length + limits.grace));
        let (across, decoder) = (fetch.across(), FrameDecoder::new(limits.frame_bytes));
        Ok(Self { resource: ask.resource, limits, version, body, decoder, until, across })
    }

    /// The next change, or `None` at a clean end.
    pub(super) async fn next(&mut self) -> Result<Option<Change>, Trouble> {
        loop {
            if let Some(line) = self.decoder.next_frame().map_err(|_| Trouble::TooLarge("one frame"))? {
                return self.change(&line).map(Some);
            }
            let frame = tokio::select! {
                biased;
                frame = self.body.frame() => frame,
                () = &mut self.until => return Err(Trouble::Timeout),
            };
            match frame {
                Some(Ok(frame)) => self.decoder.push(frame.data_ref().map_or(&[], |data| data)),
                Some(Err(_)) => return Err(Trouble::Cut),
                None if self.decoder.is_cut() => return Err(Trouble::Cut),
                None => return Ok(None),
            }
        }
    }

    fn change(&mut self, line: &[u8]) -> Result<Change, Trouble> {
        let (change, version) = match decode::frame(&self.resource, line, self.limits.depth)? {
            Frame::Apply(object) => {
                let version = object.meta.resource_version.clone();
                (Change::Apply(decode::place(object, self.across)?), version)
            }
            Frame::Delete(object) => {
                let version = object.meta.resource_version.clone();
                (Change::Delete(decode::place(object, self.across)?), version)
            }
            Frame::Bookmark(version) => (Change::Fresh, version),
            Frame::Error(code) => return Err(in_stream(code)),
        };
        if backwards(self.version, &version) {
            return Err(Trouble::Desync("versions go backwards"));
        }
        *self.version = version;
        Ok(change)
    }
}

/// Drawn, so that watches that began together do not all end together.
fn length(limits: &Limits) -> Duration {
    let (least, most) = (limits.watch_least.min(limits.watch), limits.watch);
    Duration::from_secs(rand::rng().random_range(least.as_secs()..=most.as_secs()))
}

/// A watch that the server gave up. It may have skipped something, so only a list helps.
fn in_stream(code: u16) -> Trouble {
    match StatusCode::from_u16(code) {
        Ok(StatusCode::GONE) => Trouble::Expired,
        _ => Trouble::Desync("the watch ended with an error"),
    }
}

fn backwards(from: &str, to: &str) -> bool {
    matches!((from.parse::<u64>(), to.parse::<u64>()), (Ok(from), Ok(to)) if to < from)
}
