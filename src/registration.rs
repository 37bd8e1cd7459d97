//! How a Kubernetes gets to know a server: the objects that register it, the certificates it is trusted by,
//! and what can be wrong with either.
//!
//! Fed by the commands `register`, `unregister`, `manifests`, `doctor` and `serve`. It knows nothing of views.

pub mod apply;
pub mod ca;
pub mod conditions;
pub mod installation;
pub mod kinds;
pub mod manifests;
