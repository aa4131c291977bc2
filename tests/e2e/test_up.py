"""`make cluster-up`, `make cluster-down`, `make e2e-long`: clusters outside pytest, and nothing that outlives them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from catalogue.tiers import Tier
from chatdb.local.processes import wait_for
from tests.e2e.api import Api
from tests.e2e.argo_cd import NAMESPACE
from tests.repository import ROOT
from tests.supervisor import LOCK, running

SECONDS = 300
ENDING = 30


def up(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it as make does."""
    line = [sys.executable, "-m", "tests.e2e.up", command, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)


def family(pid: int) -> list[psutil.Process]:
    """The process, and all that descend from it."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that no cluster runs in at the end."""
    yield tmp_path / "run"
    up("stop", tmp_path / "run")


def test_up_twice_killed_and_down(folder: Path) -> None:
    """It says what it does, refuses to start twice, and when it is killed no server outlives it."""
    done = up("start", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all of it is Synced and Healthy" in done.stdout
    kubeconfig = folder / "cluster/admin.kubeconfig"
    assert f"export KUBECONFIG={kubeconfig}" in done.stdout
    applications = Api(kubeconfig).list("argoproj.io/v1alpha1", "Application", NAMESPACE)
    assert len(applications) == len(Tier) + 1
    again = up("start", folder)
    assert (again.returncode, again.stdout) == (1, "")
    assert "runs in" in again.stderr and str(kubeconfig) in again.stderr
    assert _refused(kubeconfig)
    pid = running(folder)
    assert pid
    servers = family(pid)
    assert len(servers) > 16
    servers[0].kill()
    assert psutil.wait_procs(servers, ENDING)[1] == []
    down = up("stop", folder)
    assert (down.returncode, down.stdout) == (0, "it ran no more; its folder is gone\n")
    assert not folder.exists()


def _refused(kubeconfig: Path) -> bool:
    """The tests of admission would delete the platform that runs there."""
    line = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/e2e", "-k", "admission or rbac"]
    environment = os.environ | {"CHATDB_KUBECONFIG": str(kubeconfig)}
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 1 and "chatdb-system" in done.stdout and "would delete it" in done.stdout


def test_down_while_it_starts(folder: Path) -> None:
    """Stopped in the middle of starting, it leaves nothing behind either, and start says that it has ended."""
    line = [sys.executable, "-m", "tests.e2e.up", "start", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as starting:
        wait_for("the API server starts", ENDING, (folder / "cluster/logs/kube-apiserver.log").exists)
        time.sleep(1)
        pid = running(folder)
        assert pid
        servers = family(pid)
        down = up("stop", folder)
        assert (down.returncode, down.stdout) == (0, "stopped\n")
        assert psutil.wait_procs(servers, ENDING)[1] == []
        assert starting.wait(ENDING) == 1


def test_down_where_nothing_is(tmp_path: Path) -> None:
    """A folder that holds no cluster is an error, and is left alone."""
    (tmp_path / "mine").touch()
    for command in ("start", "stop"):
        done = up(command, tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert LOCK not in {path.name for path in tmp_path.iterdir()}


def test_scenarios_are_killed() -> None:
    """Two platforms side by side, and what plays on them is killed: nothing of both is left."""
    line = [sys.executable, "-m", "tests.e2e.long", "--count", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL) as playing:
        try:
            wait_for("both platforms start", SECONDS, lambda: _names(playing.pid).count("kube-apiserver") == 2)
            servers = family(playing.pid)
        finally:
            playing.kill()
    assert psutil.wait_procs(servers, ENDING)[1] == []


def _names(pid: int) -> list[str]:
    """Of a process and those below it; some of them end while they are asked."""
    names = []
    for process in family(pid):
        with suppress(psutil.NoSuchProcess):
            names.append(process.name())
    return names
