//! End-to-end tests on a real Kubernetes: etcd, kube-apiserver with its aggregator, kubectl, client-go and
//! kube-rs as clients, `tmc` as a process of its own. One test binary; each file holds one subject. The
//! binaries come from `make kube-binaries`; without them the tests say that they skip.

#![allow(clippy::panic, reason = "everything here is a test or called by one")]

mod access;
mod binaries;
mod canary;
mod certificates;
mod clients;
mod cluster;
mod conformance;
mod converge;
mod demo;
mod demo_isolation;
mod demo_walk;
mod dev;
mod dev_breaking;
mod dev_informers;
mod dev_workspaces;
mod env;
mod errors;
mod fixture;
mod floods;
mod frames;
mod harness;
mod heads;
mod heartbeat;
mod helm;
mod histories;
mod kubeconfig;
mod kubectl;
mod kubectl_get;
mod kubectl_more;
mod kubectl_watch;
mod kubectl_write;
mod large;
mod lifecycle;
mod liveness;
mod made_from_kubernetes;
mod malformed;
mod outage;
mod paths;
mod paused;
mod permissions;
mod pki;
mod process;
mod readers;
mod registration;
mod sequences;
mod siege;
mod slow;
mod smuggling;
mod spoof;
mod tmc;
mod wait;
mod wire;
