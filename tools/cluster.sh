#!/usr/bin/env bash
# cluster.sh GO MODULE FOLDER [PACKAGE]: builds the servers that tools/go/MODULE pins into FOLDER/bin, and takes kwok's
# stages and Argo CD's install from the same modules into FOLDER/etc. MODULE is `cluster` for all of the newest, an older
# line of Kubernetes or Argo CD alone, which the tests lay over it, or `node`, `ingress`, `gateway`, `cloudnative-pg` and
# `barman-cloud` for what a real node has. With a PACKAGE it builds that one in place of all tools.
# Without network it needs the module and build caches that an earlier run has filled (GOPATH, GOCACHE).
set -euo pipefail
go=$1
mkdir -p "$3"
target=$(cd "$3" && pwd)
cd "$(dirname "$0")/go/$2"
export GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0

# Empty where the module does not pin it.
version() { sed -nE "s#^\s*$1 (v\S+).*#\1#p" go.mod; }
folder() { GOFLAGS=-mod=readonly "$go" list -m -f '{{.Dir}}' "$1"; }

# The cache of modules is not changed: what is patched is a copy.
if [[ -f unserved.patch ]]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  "$go" mod vendor -o "$work/vendor"
  cp go.mod go.sum unserved.patch "$work"
  cd "$work"
  git apply --unidiff-zero unserved.patch
  GOFLAGS=-mod=vendor
fi

kubernetes=$(version k8s.io/kubernetes)
argo_cd=$(version github.com/argoproj/argo-cd/v3)
flags="-s -w"
# Without its version the API server calls itself v0.0.0, and Argo CD compares nothing; none is no version at all.
if [[ $kubernetes ]]; then
  flags+=" -X k8s.io/component-base/version.gitVersion=$kubernetes -X k8s.io/component-base/version.gitMajor=1"
  flags+=" -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$kubernetes")"
fi
flags+=" -X github.com/argoproj/argo-cd/v3/common.version=${argo_cd#v}"
flags+=" -X sigs.k8s.io/kwok/pkg/consts.Version=$(version sigs.k8s.io/kwok)"
rm -rf "$target"
mkdir -p "$target"/{bin,etc}
for package in $("$go" list "${4:-tool}"); do
  case $package in
    */argo-cd/v3/cmd) name=argocd ;;
    */ingress-nginx/cmd/nginx) name=nginx-ingress-controller ;;
    */kustomize/v5) name=kustomize ;;
    */plugin-barman-cloud/cmd/manager) name=plugin-barman-cloud ;;
    *) name=$(basename "$package") ;;
  esac
  "$go" build -trimpath -ldflags "$flags" -o "$target/bin/$name" "$package"
  case $name in
    argocd)
      for role in application-controller repo-server; do ln -s argocd "$target/bin/argocd-$role"; done
      source=$(folder github.com/argoproj/argo-cd/v3)
      # The repo server calls them: for every commit, and when it starts.
      install -m 755 "$source"/hack/{git-verify,gpg}-wrapper.sh "$target/bin/"
      cp -r --no-preserve=mode "$source/manifests" "$target/etc/argo-cd"
      ;;
    kstack)
      for command in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl miniredis; do
        ln -s kstack "$target/bin/$command"
      done
      ;;
    nginx-ingress-controller)
      source=$(folder k8s.io/ingress-nginx)
      cp -r --no-preserve=mode "$source/rootfs/etc/nginx" "$target/etc/"
      cp --no-preserve=mode "$source/deploy/static/provider/kind/deploy.yaml" "$target/etc/"
      ;;
    manager)
      source=$(folder github.com/cloudnative-pg/cloudnative-pg)
      release=$(version github.com/cloudnative-pg/cloudnative-pg)
      cp --no-preserve=mode "$source/releases/cnpg-${release#v}.yaml" "$target/etc/operator.yaml"
      ;;
    plugin-barman-cloud)
      source=$(folder github.com/cloudnative-pg/plugin-barman-cloud)
      cp -r --no-preserve=mode "$source"/{kubernetes,config} "$target/etc/"
      ;;
    traefik)
      source=$(folder sigs.k8s.io/gateway-api)
      cp -r --no-preserve=mode "$source/config/crd/standard" "$target/etc/gateway-api"
      ;;
    knode) for command in kubelet kube-proxy; do ln -s knode "$target/bin/$command"; done ;;
    kwok)
      stages=$(folder sigs.k8s.io/kwok)/kustomize/stage
      for file in "$stages"/node/fast/node-initialize.yaml "$stages"/pod/fast/pod-{ready,complete,delete}.yaml; do
        cat "$file"
        echo ---
      done > "$target/etc/stages.yaml"
      ;;
  esac
done
echo "built $2 in $target"
