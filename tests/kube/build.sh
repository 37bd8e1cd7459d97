#!/bin/sh
# Builds what the tests on a real Kubernetes run: kube-apiserver, kube-controller-manager, kube-scheduler, kubectl,
# etcd, kwok, Helm and the Go programs of the tests. Each lands in .cache/kube/<version>/ once; present ones are left alone.
set -eu
cd "$(dirname "$0")"
cache=$PWD/../../.cache/kube
kubernetes=v1.36.3
etcd=v3.7.3
helm=v4.2.4
kwok=v0.8.0
minor=${kubernetes#v1.}
version=k8s.io/component-base/version

build() { # folder of the go.mod, package, target file, linker flags
    [ ! -x "$3" ] || return 0
    if ! command -v go >/dev/null 2>&1; then
        echo "Go is needed to build $(basename "$3") for the tests on a real Kubernetes: install Go 1.26 or newer (https://go.dev/dl) and put it on PATH." >&2
        exit 1
    fi
    echo "building $(basename "$3") (once; the first takes minutes)" >&2
    mkdir -p "$(dirname "$3")"
    (cd "$1" && GOFLAGS='' CGO_ENABLED=0 go build -buildvcs=false -mod=readonly -trimpath -ldflags "-s -w $4" -o "$3.$$.tmp" "$2")
    mv "$3.$$.tmp" "$3"
}

flags="-X $version.gitVersion=$kubernetes -X $version.gitMajor=1 -X $version.gitMinor=${minor%%.*}"
for command in kube-apiserver kubectl kube-controller-manager kube-scheduler; do
    build kubernetes "k8s.io/kubernetes/cmd/$command" "$cache/$kubernetes/$command" "$flags"
done
build etcd go.etcd.io/etcd/server/v3 "$cache/etcd-$etcd/etcd" ""
build helm helm.sh/helm/v4/cmd/helm "$cache/helm-$helm/helm" ""
build kwok sigs.k8s.io/kwok/cmd/kwok "$cache/kwok-$kwok/kwok" ""

# What its Nodes and Pods live through comes with its source: one file of them all.
stages=$cache/kwok-$kwok/stages.yaml
if [ ! -f "$stages" ]; then
    module=$(cd kwok && GOFLAGS='' go mod download -json sigs.k8s.io/kwok | sed -n 's/^.*"Dir": "\(.*\)",$/\1/p')
    for file in "$module"/kustomize/stage/node/fast/node-*.yaml "$module"/kustomize/stage/pod/fast/pod-*.yaml; do
        echo '---'
        cat "$file"
    done >"$stages.$$.tmp"
    mv "$stages.$$.tmp" "$stages"
fi

# These programs are ours: the key of a program's folder is its source.
own() { # folder of the go.mod, which is also the program's name
    sources=$(cat "$1"/go.mod "$1"/go.sum "$1"/*.go | cksum | tr ' ' -)
    build "$1" . "$cache/$1-$sources/$1" ""
    ln -sfn "$1-$sources" "$cache/$1"
}
own clients
own protobuf
own shapes
