# The two commands of the README are `make dev` and `make test`; the rest is what they are made of.

.PHONY: help dev test kube kube-binaries lint deny generate generate-kubernetes coverage bench clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

dev: ## run the whole system in one process with a demo, and say what to try
	cargo build --locked --quiet --bin tmc
	@target/debug/tmc dev

test: lint kube-binaries ## everything: lints, unit tests, and tests on a real kube-apiserver, etcd and kubectl
	cargo build --locked --bins
	TMC_REQUIRE_KUBE=1 RUST_TEST_THREADS=$$((2 * $$(nproc))) cargo test --locked --quiet

kube: kube-binaries ## start a real Kubernetes on this machine with tmc registered, and say what to try
	cargo build --locked --bins
	cargo run --locked --quiet --example kube

kube-binaries: ## build kube-apiserver and its companions, kubectl, etcd and kwok once, into .cache/kube
	@sh tests/kube/build.sh

lint: ## format, clippy with warnings as errors, rustdoc links
	cargo fmt --check
	cargo clippy --locked --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items --quiet
	@if command -v cargo-deny >/dev/null; then $(DENY) bans licenses sources; else echo "lint: cargo-deny is not installed, deny.toml was not checked"; fi

DENY = cargo deny --locked --log-level error check --hide-inclusion-graph

deny: ## the dependency tree against deny.toml, known vulnerabilities included (needs cargo-deny and the network)
	@command -v cargo-deny >/dev/null || { echo "deny: cargo-deny is not installed: run 'cargo install --locked cargo-deny' first"; exit 1; }
	$(DENY) bans licenses sources
	$(DENY) advisories

generate: ## write the files that are made from the types: CRDs, OpenAPI, manifests
	TMC_GENERATE=1 cargo test --locked --quiet --test generated --test manifests

generate-kubernetes: kube-binaries ## write the files that are made from the pinned Kubernetes: OpenAPI of its kinds, tables of types, answers
	TMC_GENERATE=1 TMC_REQUIRE_KUBE=1 cargo test --locked --quiet --test e2e made_from_kubernetes

coverage: kube-binaries ## fail when the tests reach less than 80 % of src/ (needs cargo-llvm-cov)
	@command -v cargo-llvm-cov >/dev/null || { echo "coverage: run 'cargo install --locked cargo-llvm-cov' and 'rustup component add llvm-tools' first"; exit 1; }
	TMC_REQUIRE_KUBE=1 cargo llvm-cov test --locked --ignore-filename-regex '(tests|examples)/' --fail-under-lines 80

bench: kube-binaries ## the server beside raw hyper and kube-apiserver, the syncer beside a bare loop; TMC_BENCH_QUICK=1 is short
	cargo bench --locked --bench side_by_side
	cargo bench --locked --bench syncer

clean: ## remove what was built, but not the Kubernetes binaries
	cargo clean
