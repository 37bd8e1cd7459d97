//! WATCH: a cursor into the resource's ring, pulled by the connection. A watcher has no queue, so one
//! that does not read costs nothing; one that falls out of the ring is ended.

mod encoder;
mod initial;
mod live;
mod timing;

use std::{convert::Infallible, sync::Arc};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, Fuse},
    stream,
};
use http::{HeaderValue, header};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Rest, WatchObserver, selection::Selection};
use crate::apiserver::{
    encoded::EncodedCache,
    identity::Access,
    log::{NotHeld, ResourceLog},
    negotiation,
    options::ListOptions,
    request::{ResourceRequest, Verb},
    resource::ResourceInfo,
    status::ApiError,
    table::Include,
};
use encoder::Encoder;
use initial::Initial;
use timing::Timing;

/// Where a watch is in its life.
enum Phase {
    /// Nothing was sent; the version asked for is not judged yet.
    Start(Start),
    /// The current state goes out as ADDED, before anything else.
    Initial(Initial),
    /// Events after the cursor.
    Live,
    Done,
}

/// What the first bytes of a watch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// The state at this version or a later one.
    State { at_least: u64, end_bookmark: bool },
    /// Only what comes.
    Now,
    /// The events after this version.
    After(u64),
}

impl Start {
    fn new(options: &ListOptions) -> Self {
        let version = options.resource_version.unwrap_or(0);
        match (options.send_initial_events, version) {
            (Some(true), at_least) => Self::State { at_least, end_bookmark: options.bookmarks },
            (Some(false), 0) => Self::Now,
            (None, 0) => Self::State { at_least: 0, end_bookmark: false },
            (_, version) => Self::After(version),
        }
    }
}

/// One open watch.
struct Watcher {
    info: Arc<ResourceInfo>,
    log: Arc<ResourceLog>,
    head: watch::Receiver<u64>,
    access: Arc<dyn Access>,
    /// Resolves once the caller's set of rows is another one.
    changed: Fuse<BoxFuture<'static, ()>>,
    selection: Selection,
    encoder: Encoder,
    encoded: Arc<EncodedCache>,
    observer: Arc<dyn WatchObserver>,
    shutdown: CancellationToken,
    timing: Timing,
    phase: Phase,
    /// Every event up to this version has been sent or was not to be.
    cursor: u64,
}

impl Rest {
    pub(super) async fn watch(&self, request: &ResourceRequest) -> Result<Response, ApiError> {
        let info = self.storage.info();
        let representation = negotiation::negotiate(&request.headers, request.query(), Verb::Watch, info)?;
        let include = Include::of(representation.form, request.query())?;
        let options = ListOptions::parse(request.query(), Verb::Watch)?;
        if self.shared.shutdown.is_cancelled() {
            // A watch that ends at once would look broken to its client.
            return Err(ApiError::unavailable("apiserver is shutting down", 1));
        }
        let log = self.storage.log(request.scope())?;
        let access = self.shared.access.access(info, &request.attributes, &log).await?;
        // "From now" is from here, not from when the connection asks for the first bytes.
        let cursor = log.head();
        let watcher = Watcher {
            info: info.clone(),
            head: log.subscribe(),
            changed: changed(access.clone()),
            access,
            selection: Selection::new(request, &options, self.storage.as_ref())?,
            encoder: Encoder::new(info.clone(), representation.form, include),
            encoded: self.shared.encoded.clone(),
            observer: self.shared.observer.clone(),
            shutdown: self.shared.shutdown.clone(),
            timing: Timing::new(Instant::now(), options.timeout_seconds, options.bookmarks),
            phase: Phase::Start(Start::new(&options)),
            cursor,
            log,
        };
        let frames = stream::unfold(watcher, |mut watcher| async move {
            let frame = watcher.next().await?;
            Some((Ok::<_, Infallible>(frame), watcher))
        });
        let mut response = Response::new(Body::from_stream(frames));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }
}

fn changed(access: Arc<dyn Access>) -> Fuse<BoxFuture<'static, ()>> {
    async move { access.changed().await }.boxed().fuse()
}

impl Watcher {
    /// The next bytes; `None` ends the stream cleanly.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(end) = self.ended() {
                return end;
            }
            let step = match std::mem::replace(&mut self.phase, Phase::Done) {
                Phase::Done => return None,
                Phase::Start(start) => self.start(start).await,
                Phase::Initial(initial) => self.initial(initial).await,
                Phase::Live => self.live().await,
            };
            match step {
                // What was read before the caller's set changed is not sent once it has: it may be a row that
                // he may not see, and it is older than what he may resume from.
                Ok(Some(bytes)) => return Some(self.replaced().unwrap_or(bytes)),
                Ok(None) => {}
                Err(end) => {
                    self.phase = Phase::Done;
                    return match end {
                        End::Clean => None,
                        End::Error(error) => Some(encoder::error(&error)),
                    };
                }
            }
        }
    }

    /// Judges the version that was asked for.
    async fn start(&mut self, start: Start) -> Result<Option<Bytes>, End> {
        match start {
            Start::State { at_least, end_bookmark } => {
                let snapshot = super::version::not_older_than(&self.log, at_least).await?;
                self.phase = Phase::Initial(Initial::new(snapshot, end_bookmark));
                return Ok(None);
            }
            Start::Now => {}
            Start::After(version) => {
                self.log.holds(version).map_err(|not_held| not_held_error(&not_held))?;
                // Rows the caller has come to see since then would never be told.
                if version < self.access.since() {
                    return Err(too_old(version, self.access.since()).into());
                }
                self.cursor = version;
            }
        }
        self.phase = Phase::Live;
        Ok(None)
    }

    /// Whether the watch is over before anything else is sent; then `Some` of its last bytes.
    fn ended(&mut self) -> Option<Option<Bytes>> {
        if matches!(self.phase, Phase::Done) {
            return Some(None);
        }
        if self.shutdown.is_cancelled() {
            self.timing.shut_down(Instant::now());
        }
        if self.timing.is_over(Instant::now()) {
            self.phase = Phase::Done;
            return Some(None);
        }
        self.replaced().map(Some)
    }

    /// The last frame, once the caller's set of rows is another one.
    fn replaced(&mut self) -> Option<Bytes> {
        (&mut self.changed).now_or_never()?;
        self.phase = Phase::Done;
        Some(encoder::error(&self.rows_changed()))
    }

    /// The caller must list anew: what he knows is no longer what he may see.
    fn rows_changed(&self) -> ApiError {
        too_old(self.cursor, self.log.head())
    }
}

/// Why a watch ends.
enum End {
    /// The stream just ends.
    Clean,
    /// The last frame says why.
    Error(Box<ApiError>),
}

impl From<ApiError> for End {
    fn from(error: ApiError) -> Self {
        Self::Error(Box::new(error))
    }
}

fn not_held_error(not_held: &NotHeld) -> ApiError {
    let NotHeld { asked, start, head } = *not_held;
    if asked > head {
        return ApiError::expired(format!("unknown resource version: {asked} (current: {head})"));
    }
    too_old(asked, start)
}

fn too_old(asked: u64, oldest: u64) -> ApiError {
    ApiError::expired(format!("too old resource version: {asked} ({oldest})"))
}
