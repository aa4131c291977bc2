"""A cluster and an Argo CD with the platform, to look at: `make cluster-up`, `make cluster-down`.

Everything is in a folder (.tools/run-chatdb where none is named): certificates, data, logs, the git repository that
Argo CD follows, and the clone to commit from.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.deployment import INSTALLING, Deployment
from tests.e2e.stack import CLUSTER, missing
from tests.repository import ROOT
from tests.supervisor import Supervised, show


@contextmanager
def run(folder: Path) -> Iterator[None]:
    """Start everything, and install the platform."""
    deployment = Deployment(folder)
    try:
        print("starting Kubernetes and Argo CD", flush=True)
        deployment.start()
        print("installing the platform; states as Argo CD sees them:", flush=True)
        deployment.bootstrap()
        install(deployment)
        yield
    finally:
        deployment.stop()


def install(deployment: Deployment) -> None:
    """Print the states as they change."""
    began, last = time.monotonic(), ""
    while not deployment.settled():
        if time.monotonic() - began > INSTALLING:
            raise TimeoutError(f"not all is up after {INSTALLING} s\n{deployment.argo_cd.states()}")
        line = brief(deployment)
        if line != last:
            print(f"{time.monotonic() - began:4.0f} s  {line}", flush=True)
            last = line
        time.sleep(0.5)
    print(f"all of it is Synced and Healthy after {time.monotonic() - began:.0f} s", flush=True)


def brief(deployment: Deployment) -> str:
    """The health of each tier, in one line."""
    applications = deployment.argo_cd.applications()
    states = []
    for tier in deployment.tiers:
        status = applications.get(f"chatdb-{tier}", {}).get("status", {})
        health = status.get("health", {}).get("status", "-")
        states.append(f"{tier} {health}")
    return ", ".join(states)


def hints(folder: Path) -> list[str]:
    """Where things are."""
    return [
        f"export KUBECONFIG={show(folder / 'cluster/admin.kubeconfig')} PATH={show(CLUSTER / 'bin')}:$PATH",
        "kubectl get applications -n argocd",
        f"cd {show(folder / 'work')}  # change an overlay, commit, `git push origin HEAD:main`, and watch",
    ]


UP = Supervised(
    name="cluster", module="tests.e2e.up", folder=ROOT / ".tools/run-chatdb", missing=missing, run=run, hints=hints
)

if __name__ == "__main__":
    sys.exit(UP.main(sys.argv[1:]))
