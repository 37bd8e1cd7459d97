//! One physical cluster kept in step with one workspace: workloads down, status up, and the truth reported.
//!
//! Fed by `informers` of both sides; writes downstream what it owns, and upstream its finalizers, statuses and the
//! report on its SyncTarget. What decides is pure; what talks is thin. It must not know how views are made of what
//! it reports, nor who placed a workload here.

pub mod api;
pub mod assignment;
pub mod breaker;
pub mod compare;
pub mod config;
pub mod contention;
pub mod copy_up;
pub mod decide;
pub mod discovery;
pub mod engine;
pub mod errors;
pub mod events;
pub mod facts;
pub mod filter;
pub mod health;
pub mod identity;
pub mod json;
pub mod kind;
pub mod lease;
pub mod metrics;
pub mod naming;
pub mod observe;
pub mod ownership;
pub mod pod_template;
pub mod render;
pub mod report;
pub mod service_account;
pub mod status;
pub mod target;
pub mod transform;
pub mod upsync;
