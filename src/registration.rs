//! How a Kubernetes gets to know a server: the objects that register it, the certificates it is trusted by,
//! and what can be wrong with either.
//!
//! Fed by the commands `register`, `unregister`, `manifests`, `doctor`, `serve`, `workload` and `join`. It knows nothing of views.

pub mod apply;
pub mod ca;
pub mod conditions;
pub mod doctor;
#[cfg(test)]
pub(crate) mod fake;
pub mod installation;
pub mod kinds;
pub mod manifests;
pub mod syncer;

/// An error with all its causes on one line, for messages that go on after it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
