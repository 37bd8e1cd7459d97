//! Response bodies as the connection sees them: a large one is dropped when the peer stops reading it.
//!
//! HTTP/2 lets a peer keep a stream open, and with it whatever the response holds, by reading nothing
//! while it answers pings. What is known to be small is let alone.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::tracker::Active;

/// Up to here a body is one or two frames of shared bytes.
const SMALL: u64 = 256 << 10;

#[derive(Debug, thiserror::Error)]
#[error("the peer did not read the response for too long")]
pub struct Stalled;

/// A response body that keeps its request active.
pub struct TrackedBody {
    body: Inner,
    active: Active,
}

enum Inner {
    Small(Body),
    Watched { slot: Arc<Slot>, id: u64 },
}

/// A body that may be taken away from its connection.
pub struct Slot(Mutex<State>);

struct State {
    body: Option<Body>,
    /// Since when the connection has a frame and has not asked for the next.
    handed: Option<Instant>,
}

impl Slot {
    /// Drops the body, with all it holds, if the peer has taken nothing for this long.
    pub fn cut_if_stalled(&self, after: Duration) -> bool {
        let mut state = self.0.lock();
        // What was handed out completely is the connection's to send; nothing is left to free.
        let more = state.body.as_ref().is_some_and(|body| !body.is_end_stream());
        let stalled = more && state.handed.is_some_and(|since| since.elapsed() >= after);
        let body = if stalled { state.body.take() } else { None };
        drop(state);
        drop(body);
        stalled
    }
}

impl TrackedBody {
    pub fn new(body: Body, active: Active) -> Self {
        if body.size_hint().exact().is_some_and(|length| length <= SMALL) {
            return Self { body: Inner::Small(body), active };
        }
        let slot = Arc::new(Slot(Mutex::new(State { body: Some(body), handed: None })));
        let id = active.tracker().watch(slot.clone());
        Self { body: Inner::Watched { slot, id }, active }
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        if let Inner::Watched { id, .. } = self.body {
            self.active.tracker().forget(id);
        }
    }
}

impl http_body::Body for TrackedBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut self.body {
            Inner::Small(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Inner::Watched { slot, .. } => {
                let mut state = slot.0.lock();
                state.handed = None;
                let Some(body) = &mut state.body else { return Poll::Ready(Some(Err(Stalled.into()))) };
                let frame = Pin::new(body).poll_frame(context).map_err(Into::into);
                if let Poll::Ready(Some(Ok(_))) = frame {
                    state.handed = Some(Instant::now());
                }
                frame
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            Inner::Small(body) => body.is_end_stream(),
            Inner::Watched { slot, .. } => slot.0.lock().body.as_ref().is_some_and(Body::is_end_stream),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Inner::Small(body) => body.size_hint(),
            Inner::Watched { slot, .. } => {
                slot.0.lock().body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
            }
        }
    }
}
