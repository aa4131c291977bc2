"""Which servers the tests start: the newest, or an older line of Kubernetes, of Argo CD, or of both.

CHATDB_OLDER=<name>[,<name>] names modules of tools/go, as kubernetes-1.28 or argo-cd-3.2. Each is laid over the newest:
what it does not build (etcd, kwok) stays the newest.
"""

import os
import re
from pathlib import Path

from tests.repository import ROOT

VARIABLE = "CHATDB_OLDER"
NEWEST = "cluster"
OLDER = tuple(filter(None, os.environ.get(VARIABLE, "").split(",")))
REAL_NODE = ("node/kubelet", "node/servers")
"""What only a real node has: docs/real-node.md."""
FOLDERS = [ROOT / ".tools" / name for name in (*OLDER, NEWEST, *REAL_NODE)]
"""Where the servers are built; the first that has one wins."""
CLUSTER = ROOT / ".tools" / NEWEST
STAMPS = ROOT / ".tools/stamps"
MODULES = {"kubernetes": "k8s.io/kubernetes", "argo-cd": "github.com/argoproj/argo-cd/v3"}


def lines() -> list[str]:
    """The older lines that there are."""
    return sorted(path.name for path in (ROOT / "tools/go").glob("*-[0-9]*.[0-9]*"))


def missing() -> tuple[str, str] | None:
    """Why these servers cannot be started, and the fix."""
    for name in OLDER:
        if name not in lines():
            return f"{VARIABLE}: there is no older line {name}", f"name of {', '.join(lines())}, with commas between"
    for name, target in ((NEWEST, "setup-e2e"), *((name, "setup-e2e-long") for name in OLDER)):
        if not (STAMPS / name).exists():
            return f"there are no servers in .tools/{name}", f"run `make {target}`, which builds them"
    return None


def pinned(project: str) -> str:
    """The version of Kubernetes or Argo CD that its module asks for."""
    name = next((older for older in OLDER if older.startswith(f"{project}-")), NEWEST)
    text = (ROOT / "tools/go" / name / "go.mod").read_text(encoding="utf-8")
    versions: list[str] = re.findall(rf"^\s*{MODULES[project]} (v\S+)", text, re.MULTILINE)
    return versions[0]


def built(path: str) -> Path:
    """A file that the build made, of the older line where that has one."""
    return next(folder / path for folder in FOLDERS if (folder / path).exists())


def search_path() -> str:
    """PATH for the servers."""
    system = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
    return ":".join([*(str(folder / "bin") for folder in FOLDERS), *system])
