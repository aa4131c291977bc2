"""The sections of docs/real-node.md that are measured: each does something to the platform, and makes a table."""

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPException

from catalogue.components import CATALOGUE
from chatdb.local.processes import wait_for
from constructs_lib.gitops.regenerate import regenerate
from constructs_lib.quantity import MIB
from tests.argo_cd_install import INTERVAL, JITTER
from tests.node import gateway as traefik
from tests.node import smoke
from tests.node.deployed import Deployed
from tests.node.images import Images
from tests.node.long import acts, measure
from tests.node.long.faults import FAULTS
from tests.node.namespaces import ADDRESS
from tests.public_paths import ENCODED, UNANSWERED
from tests.public_paths import REQUESTS as PUBLIC
from tests.repository import PLATFORM, attach

DROP_SECONDS = 20
UNANSWERED_SECONDS = 3.0
"""The most that an answer takes where packets of a dependency are dropped: docs/reliability.md."""
SLACK = 1.0
"""For this machine, which has fewer cores than the node says."""
USERS = 20
RELEASING = 600
ROWS, COLUMNS = 100_000, 200
TRAINING = 600
REST_SECONDS = 120
ARGO_CD_SECONDS = 180
ARGO_CD = ((120, 60), (INTERVAL, JITTER))
"""Seconds of upstream's own `timeout.reconciliation` and its jitter (Argo CD 3.6), and of ours."""
CELL = 220
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
            return smoke.request(deployed.place, self.method, self.path, content, smoke.JSON)[0]
        except (OSError, HTTPException):
            return 0


PREDICT = Request("ml-engine", "POST", "/api/v1/ml/predict", PREDICTION)
REQUESTS = (
    Request("training-orchestrator", "GET", "/api/v1/jobs?limit=1"),
    Request("model-registry", "GET", "/api/v1/models?limit=1"),
    PREDICT,
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
        deleted = section.whole(partial(acts.delete_pods, section.deployed, name))
        rows[name] = f"| {name} | {killed} | {deleted} |"
        print(rows[name], flush=True)
    section.rows += [rows[name] for name in sorted(rows)]


def node(section: Section) -> None:
    """Drain and reboot."""
    deployed = section.deployed
    section.rows += ["| what | whole after |", "|---|---|"]
    section.rows.append(f"| drain, then uncordon | {section.whole(partial(acts.drain, deployed))} |")
    section.rows.append(f"| reboot: every process killed at once | {section.whole(partial(acts.reboot, deployed))} |")


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
        with acts.dropped(section.deployed, name):
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


def release_with_room(section: Section) -> None:
    """The same where every service has two pods, of which one is replaced at a time: nothing may fail."""
    release(section)
    if not section.rows[-1].startswith("0 of "):
        section.problems.append(f"release with room: {section.rows[-1]}")


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
    size = acts.upload_data(deployed, "too-large", ROWS, COLUMNS)
    before = smoke.restarts(deployed)
    began = time.monotonic()
    order = {"model_name": "too-large", "dataset_location": "s3://datasets/too-large.csv"}
    _, _, content = smoke.request(deployed.place, "POST", "/api/v1/jobs", json.dumps(order).encode(), smoke.JSON)
    path = f"/api/v1/jobs/{json.loads(content)['id']}"
    predictions: Counter[int] = Counter()

    def ended() -> bool:
        predictions[PREDICT.ask(deployed)] += 1
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
    return dict(json.loads(smoke.request(deployed.place, "GET", path)[2]))


def usage(section: Section) -> None:
    """What each component's pods take while nothing is asked of them, and the most that they held since they began."""
    limits = measure.memory_limits()
    before = measure.usage(section.deployed)
    time.sleep(REST_SECONDS)
    after = measure.usage(section.deployed)
    section.rows += ["| component | CPU at rest | most memory, of its limit |", "|---|---|---|"]
    for name in sorted(limits.keys() & after.keys() & before.keys()):
        cpu = 1000 * (after[name].cpu_seconds - before[name].cpu_seconds) / REST_SECONDS
        peak, limit = after[name].peak / MIB, limits[name] / MIB
        section.rows.append(f"| {name} | {cpu:.0f}m | {peak:.0f} of {limit:.0f} MiB |")
    jobs = measure.job_seconds(section.deployed)
    words = ", ".join(f"{name} {seconds:.0f}" for name, seconds in sorted(jobs.items()))
    section.rows += ["", f"Seconds that the container of each Job ran: {words}."]


def argo_cd(section: Section) -> None:
    """What Argo CD takes at rest, with its intervals as they are shipped and as upstream has them."""
    section.rows += ["| `timeout.reconciliation` | jitter | CPU of Argo CD at rest |", "|---|---|---|"]
    for interval, jitter in ARGO_CD:
        acts.configure_argo_cd(section.deployed, interval, jitter)
        before = measure.usage(section.deployed, "argocd")
        time.sleep(ARGO_CD_SECONDS)
        after = measure.usage(section.deployed, "argocd")
        seconds = sum(after[name].cpu_seconds - before[name].cpu_seconds for name in before)
        section.rows.append(f"| {interval} s | {jitter} s | {1000 * seconds / ARGO_CD_SECONDS:.0f}m |")


def mutations(section: Section) -> None:
    """Faults are deployed, one after another: what the scripts and the tests of the smoke part say of each."""
    deployed = section.deployed
    section.rows += ["| what is wrong | what is said |", "|---|---|"]
    for fault in FAULTS:
        deployed.origin.patch(fault.tier, fault.target, fault.patch)
        deployed.seen(deployed.origin.commit_as_it_is(fault.name), RELEASING)
        words = list(measure.complaints(deployed))
        line = next((line for line in words if re.search(fault.words, line)), None)
        if line is None:
            section.problems.append("\n  ".join([f"{fault.name}: nothing like {fault.words!r} is said:", *words]))
        section.rows.append(f"| {fault.name} | {cell(line or '')} |")
        deployed.origin.reset()
        deployed.seen(deployed.origin.commit_as_it_is("As it was"), RELEASING)
        section.whole(lambda: None)


def cell(line: str) -> str:
    """A line of output in a table."""
    text = re.sub(r"^\s*[\d.]+ s\s+", "", line).replace("|", "\\|").strip()
    return f"`{text[:CELL]}{'...' if text[CELL:] else ''}`"


def gateway(section: Section) -> None:
    """The Ingresses are replaced by the trait gateway-api, behind Traefik."""
    deployed, running = section.deployed, section.deployed.place.node
    assert running is not None
    images = Images()
    running.take_images(images.layout, images.take([traefik.image()]))
    traefik.install(running.api)
    wait_for("Traefik runs", smoke.RECOVERING, lambda: running.deployed(traefik.NAMESPACE, traefik.NAME))
    attach(deployed.origin.work, "minikube", ["gateway-api"])
    regenerate(deployed.origin.work, lambda: CATALOGUE)
    deployed.origin.commit("The trait gateway-api")
    deployed.released(deployed.origin.release(), RELEASING)
    web = ("127.0.0.1", running.namespaces.open_door(traefik.NODE_PORT, ADDRESS))
    behind = replace(deployed.place, web=web)
    wait_for("the routes are served", smoke.RECOVERING, lambda: smoke.answered(behind, PUBLIC[0][0]))
    unserved = [path for path, _, _ in PUBLIC if not smoke.answered(behind, path)]
    public = [path for path in (*UNANSWERED, *ENCODED) if smoke.answered(behind, path)]
    section.problems += [f"gateway: {path} is not answered" for path in unserved]
    section.problems += [f"gateway: {path} is answered" for path in public]
    differences = smoke.ways(deployed).differences()
    section.problems += [f"gateway: {line}" for line in differences]
    section.rows.append(
        f"{len(PUBLIC)} public paths are answered, {len(UNANSWERED) + len(ENCODED)} others are not; packets go as the"
        " graph says."
    )
