#!/usr/bin/env bash
# cluster.sh GO FOLDER: builds a Kubernetes control plane, kwok, Argo CD and kustomize from the Go modules that
# tools/go/cluster pins, into FOLDER/bin, and takes Argo CD's definitions and kwok's stages from them into FOLDER/etc.
# Without network it needs the module and build caches that an earlier run has filled (GOPATH, GOCACHE).
set -euo pipefail
go=$1
mkdir -p "$2"
target=$(cd "$2" && pwd)
cd "$(dirname "$0")/go/cluster"
export GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0

version() { "$go" list -m -f '{{.Version}}' "$1"; }
folder() { "$go" list -m -f '{{.Dir}}' "$1"; }

kubernetes=$(version k8s.io/kubernetes)
argo_cd=$(version github.com/argoproj/argo-cd/v3)
# Without its version the API server calls itself v0.0.0, and Argo CD compares nothing.
flags="-s -w -X k8s.io/component-base/version.gitVersion=$kubernetes -X k8s.io/component-base/version.gitMajor=1"
flags+=" -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$kubernetes")"
flags+=" -X github.com/argoproj/argo-cd/v3/common.version=${argo_cd#v}"
flags+=" -X sigs.k8s.io/kwok/pkg/consts.Version=$(version sigs.k8s.io/kwok)"
mkdir -p "$target/bin"
"$go" build -trimpath -ldflags "$flags" -o "$target/bin/kstack" ./kstack
"$go" build -trimpath -ldflags "$flags" -o "$target/bin/argocd" github.com/argoproj/argo-cd/v3/cmd
"$go" build -trimpath -ldflags "$flags" -o "$target/bin/kwok" sigs.k8s.io/kwok/cmd/kwok
"$go" build -trimpath -o "$target/bin/kustomize" sigs.k8s.io/kustomize/kustomize/v5
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl miniredis; do
  ln -sf kstack "$target/bin/$name"
done
for name in application-controller repo-server; do ln -sf argocd "$target/bin/argocd-$name"; done

rm -rf "$target/etc"
mkdir -p "$target/etc"
# The repo server calls it for every commit.
install -m 755 "$(folder github.com/argoproj/argo-cd/v3)/hack/git-verify-wrapper.sh" "$target/bin/"
stages=$(folder sigs.k8s.io/kwok)/kustomize/stage
for file in "$stages"/node/fast/node-initialize.yaml "$stages"/pod/fast/pod-{ready,complete,delete}.yaml; do
  cat "$file"
  echo ---
done > "$target/etc/stages.yaml"
echo "built Kubernetes $kubernetes, Argo CD $argo_cd in $target"
