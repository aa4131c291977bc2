"""Where the tests of the real node run: a node of their own, or the one that a kubeconfig names.

CHATDB_KUBECONFIG=<path> names one, and CHATDB_NODE_SHELL the command that takes a script from its input and runs it as
root on the node: `minikube ssh -- sudo bash -s`. It must not hold the platform already, and needs its images.
"""

import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.machine import Machine
from tests.e2e.api import Api
from tests.e2e.cluster import MACHINE
from tests.e2e.target import named, refusal
from tests.node.node import SECONDS, Node
from tests.node.up import platform_node

SHELL = "CHATDB_NODE_SHELL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A node to deploy to; `node` is None where it is somebody else's."""

    api: Api
    shell: Sequence[str]
    """Runs what it reads as a script of bash, as root on the node."""
    web: tuple[str, int]
    """Where its ingress controller answers."""
    node: Node | None = None

    def run(self, script: str, *arguments: str, seconds: float = SECONDS) -> str:
        """What the script prints on the node; its arguments are $1 and so on."""
        text = f"set -- {shlex.join(arguments)}\n{script}"
        done = subprocess.run(self.shell, input=text, stdout=subprocess.PIPE, text=True, timeout=seconds, check=True)
        return done.stdout


@contextmanager
def place(folder: Path, machine: Machine = MACHINE) -> Iterator[Place]:
    """A node with the images of the platform, empty but for that; of that size, where it is our own."""
    path = named()
    if path is None:
        with platform_node(folder, print, machine) as node:
            shell = node.namespaces.enter("bash", "-s")
            yield Place(api=node.api, shell=shell, web=("127.0.0.1", node.web), node=node)
        return
    if wrong := refusal(path):
        raise RuntimeError(wrong)
    api = Api(path)
    yield Place(api=api, shell=shlex.split(os.environ[SHELL]), web=(_address(api), 80))


def _address(api: Api) -> str:
    (node,) = api.list("v1", "Node")
    return next(str(one["address"]) for one in node["status"]["addresses"] if one["type"] == "InternalIP")
