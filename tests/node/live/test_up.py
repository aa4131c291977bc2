"""`make node-up`, `make node-down`: a node in the background, and nothing on the machine that outlives it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chatdb.local.processes import wait_for
from constructs_lib.quantity import in_bytes, millicores
from tests.e2e.api import Api
from tests.e2e.cluster import MACHINE
from tests.node.namespaces import CGROUPS, KERNEL, Namespaces
from tests.repository import ROOT
from tests.supervisor import running

STARTING = 1800
ENDING = 30
PLACES = (
    "/etc/cni", "/run/cni", "/run/containerd", "/run/netns", "/run/xtables.lock", "/usr/libexec/kubernetes",
    "/var/lib/cni", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods",
)  # fmt: skip
"""Where programs of a node leave files."""


def up(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it as make does."""
    line = [sys.executable, "-m", "tests.node.up", command, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=STARTING, check=False)


def machine() -> dict[str, object]:
    """What of this machine a node could change."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    saved = Path("/usr/sbin/iptables-save")
    firewall = [str(saved)] if saved.exists() else ["true"]
    return {
        "mounts": sorted(line.split()[4] for line in lines),
        "links": sorted(path.name for path in Path("/sys/class/net").iterdir()),
        "cgroups": sorted(str(path) for path in CGROUPS.glob("**/chatdb-node-*")),
        "firewall": [line for line in run(*firewall).splitlines() if not line.startswith("#")],
        "kernel": {name: Path("/proc/sys", name).read_text() for name in (*KERNEL, "net/ipv4/ip_forward")},
        "files": {name: sorted(map(str, Path(name).rglob("*"))) for name in PLACES if Path(name).exists()},
    }


def run(*command: str) -> str:
    """What it prints."""
    return subprocess.run(command, capture_output=True, text=True, timeout=ENDING, check=True).stdout


def processes(folder: Path) -> list[psutil.Process]:
    """All that were started for the folder."""
    mark = Namespaces(folder / "node/namespaces").cgroup
    pid = running(folder)
    assert pid
    first = psutil.Process(pid)
    family = [first, *first.children(recursive=True)]
    own = _space(os.getpid())
    spaces = {_space(one.pid, "pid_for_children") for one in family} - {own}
    inside = [one for one in psutil.process_iter() if _space(one.pid) in spaces]
    assert any(mark in _cgroups(one.pid) for one in inside)
    return [*family, *inside]


def _cgroups(pid: int) -> str:
    """The cgroups of a process; none where it has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ""


def _space(pid: int, kind: str = "pid") -> str:
    """The namespace of a process; none where it has ended meanwhile."""
    try:
        return str(Path(f"/proc/{pid}/ns/{kind}").readlink())
    except OSError:
        return ""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that no node runs in at the end."""
    yield tmp_path / "run"
    up("stop", tmp_path / "run")


def test_up_twice_killed_and_down(folder: Path) -> None:
    """It refuses to start twice; killed, it leaves nothing on the machine; its images are still there for the next."""
    before = machine()
    done = up("start", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    kubeconfig = folder / "node/admin.kubeconfig"
    assert f"export KUBECONFIG={kubeconfig}" in done.stdout
    (node,) = Api(kubeconfig).list("v1", "Node")
    capacity = node["status"]["capacity"]
    assert (millicores(capacity["cpu"]), in_bytes(capacity["memory"])) == (MACHINE.cpu, MACHINE.memory)
    again = up("start", folder)
    assert (again.returncode, again.stdout) == (1, "")
    assert f"a node runs in {folder} already" in again.stderr
    second = up("start", folder.with_name("second"))
    assert second.returncode == 1
    assert "another node runs on the images of" in second.stdout
    found = processes(folder)
    assert len(found) > 20
    found[0].kill()
    assert psutil.wait_procs(found, ENDING)[1] == []
    wait_for("the machine is as it was", ENDING, lambda: machine() == before)
    down = up("stop", folder)
    assert (down.returncode, down.stdout) == (0, "it ran no more; its folder is gone\n")
    assert not folder.exists()


def test_down(folder: Path) -> None:
    """Stopped, it leaves nothing on the machine either."""
    before = machine()
    assert up("start", folder).returncode == 0
    down = up("stop", folder)
    assert (down.returncode, down.stdout) == (0, "stopped\n")
    assert machine() == before
