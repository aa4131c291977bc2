"""What takes long on a real node, and the tables of docs/real-node.md: `make node-long`.

Everything is killed and deleted, the node is drained and rebooted, packets are dropped, a release is made under load,
and a job gets more data than its memory holds. The order is drawn from a seed.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path

from chatdb.local.processes import wait_for
from tests.e2e.api import ApiError
from tests.e2e.cluster import NODE
from tests.node import smoke
from tests.node.deployed import FOLDER, Deployed
from tests.node.inputs import digest
from tests.node.place import place
from tests.node.up import missing
from tests.repository import PLATFORM, ROOT
from tools.sections import fill

PAGE = ROOT / "docs/real-node.md"
DROP_SECONDS = 20
UNANSWERED_SECONDS = 3.0
"""The most that an answer takes where packets of a dependency are dropped: docs/reliability.md."""
SLACK = 1.0
"""For this machine, which has fewer cores than the node says."""
EVICTING = 300
USERS = 20
RELEASING = 600
ROWS, COLUMNS = 100_000, 200
TRAINING = 600
PREDICTION = {
    "model_name": "smoke-test",
    "alias": "champion",
    "instances": [{"rows_scanned": 900000, "joins": 3, "indexed": "no", "hour": 20, "table": "orders"}],
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked through the ingress controller, and the component that answers."""

    component: str
    method: str
    path: str
    body: Mapping[str, object] | None = None

    def ask(self, deployed: Deployed) -> int:
        """The status; 0 where there is none."""
        content = b"" if self.body is None else json.dumps(self.body).encode()
        try:
            return smoke.request(deployed, self.method, self.path, content, {"Content-Type": "application/json"})[0]
        except (OSError, HTTPException):
            return 0


REQUESTS = (
    Request("training-orchestrator", "GET", "/api/v1/jobs?limit=1"),
    Request("model-registry", "GET", "/api/v1/models?limit=1"),
    Request("ml-engine", "POST", "/api/v1/ml/predict", PREDICTION),
    Request("query-parser", "POST", "/api/v1/parse", {"query": "how many jobs failed last week"}),
    Request("test-service", "GET", "/test/"),
)


@dataclass(slots=True)
class Section:
    """A table under way, and what is wrong in it."""

    deployed: Deployed
    random: random.Random
    rows: list[str]
    problems: list[str]

    def whole(self, act: Callable[[], object]) -> str:
        """Do it, and say after how many seconds the platform is whole again, requests through the edge included."""
        began = time.monotonic()
        act()
        smoke.wait_whole(self.deployed)
        wait_for("every request is answered", smoke.RECOVERING, lambda: all(map(self.well, REQUESTS)))
        return f"{time.monotonic() - began:.0f} s"

    def well(self, request: Request) -> bool:
        """Whether it is answered as it should be."""
        return request.ask(self.deployed) in (200, 201)


def kills(section: Section) -> None:
    """Every container is killed, and every pod is deleted, one after another."""
    section.rows += ["| component | container killed: whole after | pod deleted: whole after |", "|---|---|---|"]
    every = smoke.running_components()
    section.random.shuffle(every)
    rows = {}
    for name in every:
        killed = section.whole(partial(smoke.kill, section.deployed, [name]))
        deleted = section.whole(partial(smoke.delete_pods, section.deployed, name))
        rows[name] = f"| {name} | {killed} | {deleted} |"
        print(rows[name], flush=True)
    section.rows += [rows[name] for name in sorted(rows)]


def node(section: Section) -> None:
    """Drain and reboot."""
    deployed = section.deployed
    section.rows += ["| what | whole after |", "|---|---|"]
    section.rows.append(f"| drain, then uncordon | {section.whole(partial(drain, deployed))} |")
    section.rows.append(f"| reboot: every process killed at once | {section.whole(partial(reboot, deployed))} |")


def drain(deployed: Deployed) -> None:
    """Evict all pods of the platform, as `kubectl drain` does, and let them come back."""
    kubectl = ["drain", NODE, "--delete-emptydir-data", "--ignore-daemonsets", "--force", f"--timeout={EVICTING}s"]
    deployed.kubectl(*kubectl, "--pod-selector=app.kubernetes.io/part-of=chatdb")
    deployed.kubectl("uncordon", NODE)


def reboot(deployed: Deployed) -> None:
    """Kill all that runs on the node but its control plane; containerd and kubelet start again."""
    running = deployed.place.node
    assert running is not None
    before = smoke.started(deployed)
    running.reboot()
    wait_for("containers are new ones", smoke.RECOVERING, lambda: not before & smoke.started(deployed))


def drops(section: Section) -> None:
    """All packets of a server are dropped for a while."""
    section.rows += [
        "| packets dropped of | answers meanwhile | the slowest | whole after |",
        "|---|---|---|---|",
    ]
    providers = sorted({link.provider.name for link in PLATFORM.links} & set(smoke.running_components()))
    section.random.shuffle(providers)
    rows = {}
    for name in providers:
        with smoke.dropped(section.deployed, name):
            answers, slowest = asked(section.deployed, [one for one in REQUESTS if one.component != name])
        whole = section.whole(lambda: None)
        words = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
        rows[name] = f"| {name} | {words} | {slowest:.1f} s | {whole} |"
        print(rows[name], flush=True)
        if slowest > UNANSWERED_SECONDS + SLACK or set(answers) - {200, 503}:
            section.problems.append(f"packets of {name} dropped: {words}, the slowest after {slowest:.1f} s")
    section.rows += [rows[name] for name in sorted(rows)]


def asked(deployed: Deployed, requests: list[Request]) -> tuple[Counter[int], float]:
    """How often which status came within `DROP_SECONDS`, and the seconds of the slowest answer."""
    until, answers, slowest = time.monotonic() + DROP_SECONDS, Counter[int](), 0.0

    def ask(request: Request) -> tuple[int, float]:
        began = time.monotonic()
        return request.ask(deployed), time.monotonic() - began

    with ThreadPoolExecutor(len(requests)) as threads:
        while time.monotonic() < until:
            for status, seconds in threads.map(ask, requests):
                answers[status] += 1
                slowest = max(slowest, seconds)
            time.sleep(1)
    return answers, slowest


def release(section: Section) -> None:
    """A release that replaces every service, while users ask."""
    deployed = section.deployed
    deployed.released(deployed.origin.release(), RELEASING)
    for tier in ("core", "processing", "edge"):
        deployed.origin.mark(tier, "under-load")
    deployed.origin.commit("Change three tiers")
    with under_load(deployed) as answers:
        began = time.monotonic()
        deployed.released(deployed.origin.release(), RELEASING)
        seconds = time.monotonic() - began
    section.rows += ["| request | answered | failed |", "|---|---|---|"]
    for one in REQUESTS:
        mine = {status: count for (path, status), count in answers.items() if path == one.path}
        good = mine.pop(200, 0)
        failed = ", ".join(f"{count} x {status or 'none'}" for status, count in sorted(mine.items()))
        section.rows.append(f"| `{one.method} {one.path}` | {good} | {failed or '0'} |")
    total, good = answers.total(), sum(count for (_, status), count in answers.items() if status == 200)
    section.rows += ["", f"{total - good} of {total} requests failed in the {seconds:.0f} s of the release."]


@contextmanager
def under_load(deployed: Deployed) -> Iterator[Counter[tuple[str, int]]]:
    """Users ask one after another until the end; how often which path had which status (0: none)."""
    answers, over, lock = Counter[tuple[str, int]](), threading.Event(), threading.Lock()

    def user(number: int) -> None:
        while not over.is_set():
            request = REQUESTS[number % len(REQUESTS)]
            status = request.ask(deployed)
            with lock:
                answers[request.path, status] += 1
            number += 1
            over.wait(1)

    threads = [threading.Thread(target=user, args=(number,), daemon=True) for number in range(USERS)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()


def training(section: Section) -> None:
    """A data set as large as docs/services.md allows, and more than the memory of the overlay holds."""
    deployed = section.deployed
    size = smoke.upload_data(deployed, "too-large", ROWS, COLUMNS)
    before = smoke.restarts(deployed)
    began = time.monotonic()
    order = {"model_name": "too-large", "dataset_location": "s3://datasets/too-large.csv"}
    _, _, content = smoke.request(
        deployed, "POST", "/api/v1/jobs", json.dumps(order).encode(), {"Content-Type": "application/json"}
    )
    path = f"/api/v1/jobs/{json.loads(content)['id']}"
    predictions: Counter[int] = Counter()

    def ended() -> bool:
        predictions[REQUESTS[2].ask(deployed)] += 1
        return bool(job(deployed, path)["status"] in ("FAILED", "SUCCEEDED"))

    wait_for("the job has ended", TRAINING, ended)
    seconds = time.monotonic() - began
    made = job(deployed, path)
    if made["status"] != "FAILED" or "memory" not in str(made["error"]) or set(predictions) != {200}:
        section.problems.append(f"training: {made}, predictions {dict(predictions)}")
    section.problems += [line for line in smoke.restarts(deployed) if line not in before]
    section.rows += [
        f"{ROWS} x {COLUMNS} numbers, {size // 2**20} MiB: {made['status']} after {seconds:.0f} s, {made['error']!r}.",
        f"{predictions[200]} of {predictions.total()} predictions meanwhile were answered; no container was restarted.",
    ]


def job(deployed: Deployed, path: str) -> dict[str, object]:
    """A training job as the orchestrator has it."""
    return dict(json.loads(smoke.request(deployed, "GET", path)[2]))


SECTIONS: Mapping[str, Callable[[Section], None]] = {
    "training": training,
    "release": release,
    "drops": drops,
    "kills": kills,
    "node": node,
}
"""Restarts come last: before them a container that was started twice is a fault."""


def play(names: list[str], seed: int) -> tuple[dict[str, str], list[str]]:
    """The text of each section, and what is wrong."""
    texts, problems = {}, []
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with place(FOLDER) as where:
        deployed = Deployed(where, FOLDER)
        print(deployed.build() + deployed.deploy(), flush=True)
        smoke.wait_whole(deployed)
        for name in names:
            print(f"== {name}", flush=True)
            section = Section(deployed, random.Random(f"{seed} {name}"), [], [])
            try:
                SECTIONS[name](section)
            except (OSError, ApiError, AssertionError) as error:
                section.problems.append(f"{name}: {error}")
            texts[name] = "\n".join(section.rows)
            problems += section.problems
            print("\n".join([*section.rows, *section.problems]), flush=True)
    return texts, problems


def conditions(seed: int) -> str:
    """The line that says on what a table was measured."""
    model = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return (
        f"Measured on commit {commit.stdout.strip()}, inputs `{digest()}`, seed {seed}; {len(model)} x {model[0]},"
        f" load {os.getloadavg()[0]:.0f} at the end."
    )


def main() -> int:
    """The exit code: 1 where something is wrong, and then nothing is written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32), help="of the order")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="these sections alone")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/real-node.md")
    asked_for = parser.parse_args()
    if wanting := missing():
        print(": ".join(wanting), file=sys.stderr)
        return 1
    texts, problems = play([name for name in SECTIONS if name in asked_for.only], asked_for.seed)
    if problems:
        print("\n".join(["wrong:", *problems, f"logs: {FOLDER}; again: --seed {asked_for.seed}"]), file=sys.stderr)
        return 1
    if asked_for.write:
        for name, text in texts.items():
            fill(PAGE, name, f"{text}\n\n{conditions(asked_for.seed)}")
    shutil.rmtree(FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
