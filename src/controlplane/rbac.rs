//! Role-based access control, evaluated in each logical cluster as Kubernetes evaluates it in a cluster.
//!
//! Fed with the RBAC objects of a logical cluster ([`Policies`]) and asked by the filters, by the reviews and before
//! a role or binding is written. Pure: it must not know how objects are kept or a question came in.

pub mod aggregation;
mod authorizer;
mod binding;
pub mod bootstrap;
mod caller;
mod cover;
mod escalation;
mod policy;
mod rule;
#[cfg(test)]
mod tests;
mod verdict;

pub use authorizer::{Door, Policies, RbacAuthorizer, Rules};
pub use caller::service_account;
pub use escalation::GROUP;
pub use policy::{Kind, NoRole, Policy, aggregate};
pub use rule::Rule;
pub use verdict::{Outcome, Verdict};
