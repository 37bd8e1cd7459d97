//! One resource from an authorized request to response bytes: get, list, watch, and the answers to writes.
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
mod write;
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
    fn event_delivered(&self, resource: &Arc<ResourceInfo>, bytes: usize);
    /// A watch that asked for its initial state has been given all of it.
    fn watch_list_done(&self, resource: &Arc<ResourceInfo>, took: Duration);
}

/// Nobody listens.
impl WatchObserver for () {
    fn event_delivered(&self, _: &Arc<ResourceInfo>, _: usize) {}
    fn watch_list_done(&self, _: &Arc<ResourceInfo>, _: Duration) {}
}

/// What the handlers of all resources of a server share.
#[derive(Clone)]
pub struct Shared {
    pub access: Arc<dyn AccessControl>,
    pub encoded: Arc<EncodedCache>,
    pub observer: Arc<dyn WatchObserver>,
    /// Ends every watch cleanly.
    pub shutdown: CancellationToken,
}

/// The handlers of one resource.
pub struct Rest {
    pub storage: Arc<dyn Storage>,
    shared: Shared,
    pages: Pages,
}

impl Rest {
    pub fn new(storage: Arc<dyn Storage>, shared: Shared) -> Self {
        Self { storage, shared, pages: Pages::new() }
    }

    /// Answers a request that is authorized already: for a get the row itself, else only the door.
    pub async fn handle(&self, request: ResourceRequest) -> Response {
        // A get is over soon and often; it need not carry the room of the others.
        let answer = match request.verb {
            Verb::Get if request.subresource().is_empty() => self.get(&request).await,
            Verb::List => Box::pin(self.list(&request)).await,
            Verb::Watch => Box::pin(self.watch(&request)).await,
            _ => Box::pin(self.write(&request)).await,
        };
        let mut response = answer.unwrap_or_else(IntoResponse::into_response);
        if let Some(warning) = &self.storage.info().warning {
            write::warn(&mut response, warning);
        }
        response
    }
}

#[cfg(test)]
pub(crate) mod tests;
