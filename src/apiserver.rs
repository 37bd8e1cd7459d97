//! A Kubernetes API server library: serving, identity, negotiation, discovery, get, list and watch.
//!
//! It knows resources only through [`storage::Storage`] and callers only through [`identity`]; it must
//! not know what a view, a SyncTarget or a cluster is, nor hold a Kubernetes client.

pub mod access;
pub mod authn;
pub mod authz;
pub mod catalog;
pub mod discovery;
pub mod encoded;
pub mod field;
pub mod filters;
pub mod go_format;
pub mod health;
pub mod identity;
pub mod items;
pub mod log;
pub mod managed_fields;
pub mod metrics;
pub mod negotiation;
pub mod object;
pub mod object_meta;
pub mod openapi;
pub mod options;
pub mod quantity;
pub mod registry;
pub mod request;
pub mod request_info;
pub mod resource;
pub mod rest;
pub mod routes;
pub mod schema;
pub mod scope;
pub mod selector;
pub mod server;
pub mod snapshot;
pub mod status;
pub mod storage;
pub mod strategic;
pub mod strategy;
pub mod table;
#[cfg(test)]
pub mod testing;
pub mod tls;
pub mod version;
