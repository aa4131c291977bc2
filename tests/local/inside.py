"""The pod of the integration tests as a process: what dist/ gives it, with the local platform's addresses."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatdb.local.fault_proxy import drop_packets
from chatdb.local.platform import Platform
from chatdb.local.processes import free_ports
from chatdb.local.site import HOST
from tests.images.sandbox import assembled, command, entrypoint, image_environment, sandbox_environment, system
from tests.repository import ROOT, manifests

NAME = "integration-tests"
SECONDS = 600
LINE = re.compile(r"^\S*test_\w+\.py::(\S+) (PASSED|FAILED|SKIPPED|ERROR)", re.MULTILINE)
OF_ETC = ("hosts", "ld.so.cache", "nsswitch.conf", "resolv.conf")
"""Files that a container has, too."""


@contextmanager
def dropping(count: int) -> Iterator[list[str]]:
    """Addresses where packets are dropped by the kernel, as a policy does it: no reset, no answer."""
    with ExitStack() as stack:
        listening = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        for one in listening:
            drop_packets(one)
        yield [f"{HOST}:{one.getsockname()[1]}" for one in listening]


@dataclass(frozen=True)
class Ended:
    """How a run has ended: its exit code, the outcome of each test by name, and all that it wrote."""

    code: int
    outcomes: Mapping[str, str]
    log: str

    def named(self, outcome: str) -> set[str]:
        """The tests with that outcome."""
        return {name for name, actual in self.outcomes.items() if actual == outcome}

    @property
    def last(self) -> str:
        """The line that sums it up."""
        return self.log.splitlines()[-1]


@dataclass
class Pod:
    """What it is given; tests change the matrix before they start it."""

    config: dict[str, str]
    matrix: dict[str, Any]
    extra: dict[str, str] = field(default_factory=dict)

    def entry(self, list_: str, name: str) -> dict[str, Any]:
        """One of the matrix's edges, denied targets or topics."""
        return dict(next(one for one in self.matrix[list_] if one["name"] == name))

    def change(self, list_: str, name: str, /, **changes: object) -> None:
        """Another value there."""
        self.matrix[list_] = [one | changes if one["name"] == name else one for one in self.matrix[list_]]

    def run(self, folder: Path) -> Ended:
        """Run the image's command to its end, with its environment and nothing of ours."""
        (folder / "matrix.json").write_text(json.dumps(self.matrix))
        python = str(ROOT / ".tools/services/bin")
        image = image_environment(NAME) | {"PATH": f"{python}:/usr/bin:/bin", "PYTHONPATH": f"{ROOT}/services/{NAME}"}
        given = self.config | {"MATRIX_FILE": str(folder / "matrix.json"), "TMPDIR": str(folder)} | self.extra
        return ended(entrypoint(NAME), image | given, folder)

    def run_in_image(self, folder: Path) -> Ended:
        """The same with the image's files as a read-only root, as user 10001, and the matrix where it is mounted."""
        root = assembled(NAME, folder)
        matrix = root / self.config["MATRIX_FILE"].lstrip("/")
        matrix.parent.mkdir(parents=True)
        matrix.write_text(json.dumps(self.matrix))
        for name in OF_ETC:
            if Path("/etc", name).exists():
                shutil.copyfile(f"/etc/{name}", root / "etc" / name)
        mounts = system() | {"/venv": (ROOT / ".tools/services").resolve()}
        del mounts["/etc"]
        return ended(
            command(root, mounts, *entrypoint(NAME)), sandbox_environment(NAME) | self.config | self.extra, folder
        )


def ended(command: Sequence[str], env_vars: Mapping[str, str], folder: Path) -> Ended:
    """The end of a process that is that run."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=dict(env_vars),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Ended(done.returncode, dict(LINE.findall(done.stdout)), done.stdout)


def given_by_dist() -> tuple[dict[str, str], str]:
    """The data of the pod's ConfigMap, and the text of its matrix."""
    objects = {(m["kind"], m["metadata"]["name"]): m for m in manifests()}
    return objects["ConfigMap", f"{NAME}-config"]["data"], objects["ConfigMap", f"{NAME}-matrix"]["data"]["matrix.json"]


def local(running: Platform) -> dict[str, str]:
    """Address in the cluster -> address here, of each port that is served here."""
    site = running.site
    served = ((site.platform.component(name), port) for name, port in site.ports)
    return {f"{one.host}:{one.port(port).number}": f"{HOST}:{site.number(one, port)}" for one, port in served}


def pod(running: Platform, shut: Sequence[str] = ()) -> Pod:
    """What dist/ gives, word for word but for addresses: the local one, or one where nobody listens.

    The targets that are denied get the addresses `shut`, if there are any.
    """
    config, text = given_by_dist()
    here = local(running)
    everywhere = set(re.findall(r"[\w.-]+\.svc\.cluster\.local:\d+", "\n".join([text, *config.values()])))
    (nobody,) = free_ports(1)
    addresses = dict.fromkeys(everywhere, f"{HOST}:{nobody}") | here
    denied = [one["address"] for one in json.loads(text)["denied"]]
    addresses |= dict(zip(denied, shut, strict=bool(shut)))
    for there, address in addresses.items():
        text = text.replace(there, address)
    return Pod({name: addressed(value, addresses) for name, value in config.items()}, json.loads(text))


def addressed(value: str, addresses: Mapping[str, str]) -> str:
    """The value with local addresses in it."""
    for there, here in addresses.items():
        value = value.replace(there, here)
    return value


def denied_count() -> int:
    """How many targets are denied."""
    return len(json.loads(given_by_dist()[1])["denied"])
