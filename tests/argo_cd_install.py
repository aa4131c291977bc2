"""argocd/install as `kubectl apply -k` gets it, but without network: upstream's files come from the Go module."""

import re
import shutil
from pathlib import Path
from typing import Any

from constructs_lib.kustomize import kustomize
from tests.repository import ROOT

UPSTREAM = "https://github.com/argoproj/argo-cd/manifests/core-install?ref="
INSTALL = ROOT / "argocd/install/kustomization.yaml"


def seconds(key: str) -> int:
    """A time of argocd-cm as it is shipped."""
    return int(re.findall(rf"- {re.escape(key)}=(\d+)s$", INSTALL.read_text(), re.MULTILINE)[0])


INTERVAL = seconds("timeout.reconciliation")
JITTER = seconds("timeout.reconciliation.jitter")
SEEN_SECONDS = 2 * INTERVAL + JITTER
"""After this time each part of Argo CD has a pushed commit: the repo server keeps a revision for one interval."""


def built_install(folder: Path, upstream: Path) -> list[dict[str, Any]]:
    """Its objects on the manifests of some version; the empty folder is worked in."""
    return kustomize(folder, local_install(folder, upstream), ROOT)


def local_install(folder: Path, upstream: Path) -> Path:
    """The folder to install from, below the one that is given: with the manifests of some version beside it."""
    install = folder / "install"
    shutil.copytree(ROOT / "argocd/install", install)
    shutil.copytree(upstream, folder / "manifests")
    path = install / "kustomization.yaml"
    path.write_text(re.sub(re.escape(UPSTREAM) + r"\S+", "../manifests/core-install", path.read_text()))
    return install
