//! End-to-end tests on a real Kubernetes: etcd, kube-apiserver with its aggregator, kubectl, client-go and
//! kube-rs as clients, `tmc` as a process of its own. One test binary; each file holds one subject. The
//! binaries come from `make kube-binaries`; without them the tests say that they skip.

#![allow(clippy::panic, reason = "everything here is a test or called by one")]

mod access;
mod binaries;
mod canary;
mod clients;
mod cluster;
mod converge;
mod env;
mod errors;
mod fixture;
mod harness;
mod kubeconfig;
mod kubectl;
mod kubectl_get;
mod kubectl_more;
mod kubectl_watch;
mod lifecycle;
mod malformed;
mod outage;
mod pki;
mod process;
mod readers;
mod spoof;
mod tmc;
mod wait;
mod wire;
