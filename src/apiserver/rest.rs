//! GET, LIST and WATCH of one resource: the read path from an authorized request to response bytes.
//!
//! Fed by the filters; reads the resource's log through [`Storage`]. It knows no view and no cluster, and
//! asks about rows only through [`AccessControl`].

mod body;
mod document;
mod frames;
mod get;
mod list;
mod pages;
mod pretty;
mod selection;
mod version;
mod watch;
mod yaml;

use std::{sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;

use super::{
    encoded::EncodedCache,
    identity::AccessControl,
    request::{ResourceRequest, Verb},
    resource::ResourceInfo,
    storage::Storage,
};
use pages::Pages;

/// Told of what watches deliver; how they are counted is the listener's affair.
pub trait WatchObserver: Send + Sync + 'static {
    /// One event was handed to the connection.
    fn event_delivered(&self, resource: &'static ResourceInfo, bytes: usize);
    /// A watch that asked for its initial state has been given all of it.
    fn watch_list_done(&self, resource: &'static ResourceInfo, took: Duration);
}

/// Nobody listens.
impl WatchObserver for () {
    fn event_delivered(&self, _: &'static ResourceInfo, _: usize) {}
    fn watch_list_done(&self, _: &'static ResourceInfo, _: Duration) {}
}

/// The handlers of one resource.
pub struct Rest {
    pub storage: Arc<dyn Storage>,
    pub access: Arc<dyn AccessControl>,
    pub encoded: Arc<EncodedCache>,
    pub observer: Arc<dyn WatchObserver>,
    /// Ends every watch cleanly.
    pub shutdown: CancellationToken,
    pages: Pages,
}

impl Rest {
    pub fn new(
        storage: Arc<dyn Storage>,
        access: Arc<dyn AccessControl>,
        encoded: Arc<EncodedCache>,
        observer: Arc<dyn WatchObserver>,
        shutdown: CancellationToken,
    ) -> Self {
        Self { storage, access, encoded, observer, shutdown, pages: Pages::new() }
    }

    /// Answers a request that is authorized already: for a get the row itself, else only the door.
    pub async fn handle(&self, request: ResourceRequest) -> Response {
        // A get is over soon and often; it need not carry the room of the others.
        let answer = match request.verb {
            Verb::Get => self.get(&request).await,
            Verb::List => Box::pin(self.list(&request)).await,
            Verb::Watch => Box::pin(self.watch(&request)).await,
        };
        answer.unwrap_or_else(IntoResponse::into_response)
    }
}

#[cfg(test)]
pub(crate) mod tests;
