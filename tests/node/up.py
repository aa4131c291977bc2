"""A real node with the images of the platform, to deploy it on: `make node-up`, `make node-down`.

Everything but the images is in a folder (.tools/run-node where none is named): certificates, data, logs and volumes.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from catalogue.components import HOST
from constructs_lib.kustomize import kustomize
from constructs_lib.machine import Machine
from tests.argo_cd_install import local_install
from tests.e2e import stack
from tests.e2e.cluster import MACHINE
from tests.e2e.stack import CLUSTER, STAMPS, built
from tests.node import packages
from tests.node.images import Images, named
from tests.node.namespaces import Namespaces
from tests.node.node import Node
from tests.repository import ROOT
from tests.supervisor import Supervised, show

STAMPED = ("kubelet", "node-servers", "node-ingress", "kafka", "versitygw", "prometheus")
SETUP = "run `make setup-node`, which builds or installs it"


def missing() -> tuple[str, str] | None:
    """Why no node can be started here, and the fix."""
    if os.geteuid() != 0:
        return "a real node mounts file systems and makes networks", "run it as root"
    if wanting := stack.missing():
        return wanting
    for name in STAMPED:
        if not (STAMPS / name).exists():
            return f"{name} is not built", SETUP
    if wanted := packages.missing():
        return f"these packages of Debian are missing: {' '.join(wanted)}", SETUP
    return None


@contextmanager
def run(folder: Path) -> Iterator[None]:
    """Make the images, and start the node with them."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:4.0f} s  {text}", flush=True)

    with platform_node(folder, say) as node:
        (folder / "web").write_text(str(node.web))
        yield


@contextmanager
def platform_node(folder: Path, say: Callable[[str], None], machine: Machine = MACHINE) -> Iterator[Node]:
    """A node with the images of the platform and of Argo CD, that is gone at the end; its files stay."""
    node, images = Node(folder / "node", machine), Images()
    try:
        say("starting the control plane")
        node.start()
        own = images.own()
        node.take_images(images.layout, own)
        say("starting the node")
        node.join()
        say("making the platform's images, which takes some minutes the first time")
        names = images.take(needed(folder / "argo-cd"))
        say("importing them")
        node.take_images(images.layout, names)
        images.keep((own | names).values())
        node.keep_images(own | names)
        say("the node is ready, and has the images")
        yield node
    finally:
        node.stop()


def needed(folder: Path) -> list[str]:
    """The images of the platform and of Argo CD, whose install is written into the folder."""
    argo_cd = kustomize(folder, install(folder), ROOT)
    return named([*kustomize(ROOT, ROOT / "overlays/minikube"), *argo_cd])


def install(folder: Path) -> Path:
    """The folder to install Argo CD from: it pulls no image that is here."""
    made = local_install(folder, built("etc/argo-cd"))
    for path in (folder / "manifests").rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("imagePullPolicy: Always", "imagePullPolicy: IfNotPresent"), encoding="utf-8")
    return made


def sweep(folder: Path) -> None:
    """Remove the cgroups of a node that was killed."""
    Namespaces(folder / "node/namespaces").sweep()


def hints(folder: Path) -> list[str]:
    """How the platform gets there, and where it is seen."""
    web = (folder / "web").read_text()
    return [
        f"export KUBECONFIG={show(folder / 'node/admin.kubeconfig')} PATH={show(CLUSTER / 'bin')}:$PATH",
        "chatdb deploy && chatdb health",
        f"curl --resolve {HOST}:{web}:127.0.0.1 http://{HOST}:{web}/test/  # the status page",
        "kubectl port-forward -n chatdb-monitoring service/prometheus 9090",
    ]


UP = Supervised(
    name="node",
    module="tests.node.up",
    folder=ROOT / ".tools/run-node",
    missing=missing,
    run=run,
    hints=hints,
    sweep=sweep,
)

if __name__ == "__main__":
    sys.exit(UP.main(sys.argv[1:]))
