"""Locust without its web page: a run of bounded length, and what it has counted."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatdb.local.processes import Server, scratch_folder, wait_for
from constructs_lib.problem import InvalidInput, Problem

PROGRAM = ".tools/load/bin/locust"
LOCUSTFILE = "catalogue/files/locust-master/locustfile.py"
"""What Locust runs in the cluster, too."""
FINISHING_SECONDS = 60
"""For what users are doing when the time is over: a request that is cut off would be counted by one side only."""
STARTING_SECONDS = 120
FIGURES = "figures.json"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What was counted under one name; times in milliseconds, each with how many answers took so long."""

    name: str
    requests: int
    failures: int
    times: Mapping[float, int]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A kind of failure, and how often it was seen."""

    name: str
    error: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Counted:
    """All of a run."""

    entries: Sequence[Entry]
    failures: Sequence[Failure]


def run(root: Path, url: str, *, users: int, seconds: int) -> Counted:
    """Let so many users work for so long; InvalidInput where Locust is missing, or fails itself."""
    program = root / PROGRAM
    if not program.exists():
        raise InvalidInput([Problem("Locust", f"{PROGRAM} is not there", "run `make setup-load`")])
    with scratch_folder() as folder:
        server = _server(root, folder, url, users, seconds)
        server.start()
        try:
            limit = seconds + FINISHING_SECONDS + STARTING_SECONDS
            wait_for("Locust has ended", limit, lambda: server.status() is not None)
            # Its exit status is 1 both where requests have failed and where the file cannot be read.
            if not (folder / FIGURES).exists():
                message = f"it ended with {server.status()}; its last lines:\n{server.last_lines(5)}"
                raise InvalidInput([Problem("Locust", message, "fix what they say")])
            return _counted(json.loads((folder / FIGURES).read_text(encoding="utf-8")))
        finally:
            server.stop()


def _server(root: Path, folder: Path, url: str, users: int, seconds: int) -> Server:
    """With nothing of the environment: a proxy, or options in LOCUST_ variables, would make it another run."""
    files = f"{root / LOCUSTFILE},{Path(__file__).with_name('figures.py')}"
    command = [
        str(root / PROGRAM), "--headless", f"--locustfile={files}", f"--host={url}", f"--users={users}",
        f"--spawn-rate={users}", f"--run-time={seconds}s", f"--stop-timeout={FINISHING_SECONDS}", "--only-summary",
    ]  # fmt: skip
    env_vars = {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    return Server("locust", command, folder / "log", env_vars | {"FIGURES": str(folder / FIGURES)})


def _counted(figures: Mapping[str, Any]) -> Counted:
    failures = [
        Failure(name=f"{one['method']} {one['name']}", error=one["error"], count=one["occurrences"])
        for one in figures["errors"]
    ]
    return Counted(entries=[_entry(one) for one in figures["stats"]], failures=failures)


def _entry(one: Mapping[str, Any]) -> Entry:
    return Entry(
        name=f"{one['method']} {one['name']}",
        requests=one["num_requests"],
        failures=one["num_failures"],
        times={float(time): count for time, count in one["response_times"].items()},
    )
