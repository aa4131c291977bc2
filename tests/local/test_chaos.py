"""`chatdb chaos` on the platform as processes: who notices is who the graph names; a killed run leaves all whole."""

import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdb.local.addresses import shell_exports
from chatdb.local.fault_proxy import Proxies
from chatdb.local.faults import VARIABLE, Faults
from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.repository import ROOT

SECONDS = 300
FEW = ("cut:ml-engine:kafka", "cut:query-parser:kafka", "kill:postgres")


@pytest.fixture
def faults(running: Platform, proxies: Proxies, tmp_path: Path) -> Iterator[Faults]:
    """The line of the platform, served, and told of in local.env."""
    over = threading.Event()
    with Faults(running, proxies, running.site.folder / "faults").listening() as made:

        def serve() -> None:
            while not over.is_set():
                made.serve(0.1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        line = f"export {VARIABLE}={shlex.quote(str(made.path))}\n"
        (tmp_path / "local.env").write_text(shell_exports(running.site) + line)
        yield made
        over.set()
        thread.join()
    (running.site.folder / "faults").unlink()


def chaos(folder: Path, *only: str) -> "subprocess.Popen[str]":
    """The command, started."""
    line = [sys.executable, "-m", "chatdb", "chaos", "run", "--json", *(f"--only={one}" for one in only)]
    env_vars = os.environ | {"CHATDB_ENV_FILE": str(folder / "local.env")}
    return subprocess.Popen(line, cwd=ROOT, env=env_vars, stdout=subprocess.PIPE, text=True)


def test_who_notices(running: Platform, faults: Faults, tmp_path: Path) -> None:
    """An edge, an edge that nobody is unready without, and a component: all as derived, and back afterwards."""
    with chaos(tmp_path, *FEW) as process:
        report = json.loads(process.communicate(timeout=3 * SECONDS)[0])
    assert [(one["id"], one["problems"]) for one in report["outcomes"]] == [(name, []) for name in FEW]
    assert [one["seen"] for one in report["outcomes"]] == [one["expected"] for one in report["outcomes"]]
    assert (process.returncode, report["good"], report["not_played"]) == (0, True, [])
    assert all(one["back"] is not None for one in report["outcomes"])


@pytest.mark.parametrize("name", ["cut:model-registry:postgres", "kill:model-registry"])
def test_killed_in_the_middle(running: Platform, faults: Faults, tmp_path: Path, name: str) -> None:
    """After a SIGKILL of the command nothing is broken any more, and every part is ready."""
    with chaos(tmp_path, name) as process:
        wait_for("it is broken", SECONDS, lambda: faults.held)
        wait_for("it is noticed", SECONDS, lambda: not running.parts["model-registry"].ready())
        process.kill()
    wait_for("nothing is held", 10, lambda: not faults.held)
    running.wait(SECONDS)
