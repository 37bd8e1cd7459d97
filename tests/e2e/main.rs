//! End-to-end tests on a real Kubernetes: etcd, kube-apiserver with its aggregator, kubectl, client-go and
//! kube-rs as clients, `tmc` as a process of its own. One test binary; each file holds one subject. The
//! binaries come from `make kube-binaries`; without them the tests say that they skip.

mod binaries;
mod cluster;
mod env;
mod fixture;
mod harness;
mod kubeconfig;
mod kubectl;
mod pki;
mod process;
mod tmc;
mod wait;
mod wire;
