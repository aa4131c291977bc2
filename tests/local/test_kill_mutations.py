"""The checker of kills on real services: a guard is taken away, one kill comes where it is missed, and that is told.

`make kill-test` has all of them, on a platform of their own, as what is broken there stays broken.
"""

import hashlib
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from uuid import uuid4

import pytest

from chatdb.local.platform import Platform, platform
from chatdb.local.processes import wait_for
from tests.local.kill_history import TERMINAL, Order, violations
from tests.local.kill_run import ENGINE, ORCHESTRATOR, VARIABLE, Supervisor, ask, watched
from tests.local.kill_world import database, world
from tests.repository import NOT_RUN, PLATFORM, ROOT

ALL = os.environ.get("CHATDB_MUTATIONS") == "yes"
ALWAYS = "key_not_kept"
"""It breaks nothing that others look at."""
LATER = pytest.mark.skip(reason=f"{NOT_RUN}make kill-test takes the guards of services away")
REGISTRY = "model-registry"
SECONDS = 240
REST_SECONDS = 10
"""What is stored has so long to come to rest, after a job that was ordered after the kill has ended."""
OPTIONS = ("PYTHONPATH", "CHATDB_MUTATION", VARIABLE)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is done without the guard, where who dies, and what kinds of violation tell of it."""

    kinds: frozenset[str]
    work: Callable[[Platform], list[Order]]
    failpoint: str = ""
    """Without one the service dies when the work is done."""
    mutated: str = ORCHESTRATOR
    killed: str = ORCHESTRATOR
    stays: bool = False
    """Whether the guard is still missing after the death."""


def one_job(running: Platform) -> list[Order]:
    """Asked for until it is acknowledged."""
    made = Order(key=str(uuid4()), tag=uuid4().int % 2**31)
    parameters = {"model": "linear", "folds": 2, "seed": made.tag}
    body = {"model_name": "mutants", "dataset_location": "s3://test/data.csv", "hyperparameters": parameters}

    def answered() -> bool:
        status, job = ask(f"{running.url(ORCHESTRATOR)}/jobs", body, made.key)
        made.answers.append(str(job.get("id", status)))
        made.job_ids += [str(job["id"])] if status == 201 else []
        return status == 201

    wait_for("a job is acknowledged", SECONDS, answered)
    return [made]


def one_job_twice(running: Platform) -> list[Order]:
    """Nor does the database mind that a job has two versions."""
    database(running).sql("DROP INDEX registry.versions_by_job")
    return one_job(running)


def put(running: Platform, path: str, data: bytes, headers: Mapping[str, str]) -> None:
    """To model-registry, which may die of it."""
    request = urllib.request.Request(f"{running.url(REGISTRY)}{path}", data, dict(headers), method="PUT")
    try:
        urllib.request.urlopen(request, timeout=SECONDS).close()
    except urllib.error.HTTPError:
        raise
    except OSError as gone:
        print(path, gone)


def champions(running: Platform, count: int) -> list[Order]:
    """Versions of a new model with artifacts; each is made champion in its turn."""
    models = f"{running.url(REGISTRY)}/models"
    name = f"mutant-{uuid4()}"
    ask(models, {"name": name})
    for turn in range(count):
        number = ask(f"{models}/{name}/versions", {"format": "onnx"})[1]["version"]
        data = os.urandom(64)
        digest = {"X-Content-Sha256": hashlib.sha256(data).hexdigest()}
        put(running, f"/models/{name}/versions/{number}/artifact", data, digest)
        headers = {"Content-Type": "application/json"} | ({"If-Match": f'"{turn}"'} if turn else {})
        put(running, f"/models/{name}/aliases/champion", json.dumps({"version": number}).encode(), headers)
    return []


def kinds(*names: str) -> frozenset[str]:
    """Any of them tells of the mutation."""
    return frozenset(names)


CASES = {
    "offset_first": Case(kinds=kinds("lost"), work=one_job, failpoint="event-uncommitted"),
    "counts_twice": Case(kinds=kinds("illegal", "dead letter"), work=one_job, failpoint="mutation", stays=True),
    "sent_before_commit": Case(kinds=kinds("dead letter"), work=one_job, failpoint="job-uncommitted"),
    "sent_after_commit": Case(kinds=kinds("stuck"), work=one_job, failpoint="job-unanswered"),
    ALWAYS: Case(kinds=kinds("duplicated"), work=one_job, failpoint="job-unanswered"),
    "key_apart": Case(kinds=kinds("half"), work=one_job, failpoint="job-uncommitted"),
    "answer_first": Case(kinds=kinds("lost"), work=one_job),
    "two_versions": Case(
        kinds=kinds("duplicated"), work=one_job_twice, failpoint="model-registered", mutated=REGISTRY, killed=ENGINE
    ),
    "alias_in_two_steps": Case(
        kinds=kinds("alias"),
        work=lambda running: champions(running, 2),
        failpoint="mutation",
        mutated=REGISTRY,
        killed=REGISTRY,
    ),
    "ready_first": Case(
        kinds=kinds("lost"), work=lambda running: champions(running, 1), mutated=REGISTRY, killed=REGISTRY
    ),
}


@pytest.fixture(scope="module")
def breakable(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """A platform that nobody else looks at afterwards, or the one of all tests where nothing is left broken."""
    if not ALL:
        yield request.getfixturevalue("running")
        return
    with platform(PLATFORM, ROOT) as started:
        started.start_in_order()
        yield started


def begin(running: Platform, name: str, options: Mapping[str, str]) -> None:
    """Start the service anew, with these variables."""
    server = running.parts[name].server
    server.ask()
    server.stop(running.parts[name].component.grace_period)
    server.env_vars |= options
    server.start()
    running.wait(SECONDS)


def clean(running: Platform, name: str) -> None:
    """What starts next is as it should be."""
    for option in OPTIONS:
        running.parts[name].server.env_vars.pop(option, None)


@pytest.fixture
def mutated(breakable: Platform, name: str) -> Iterator[Platform]:
    """The platform without the guard, and with the death that it is for."""
    case = CASES[name]
    mutation = {"PYTHONPATH": str(ROOT / "tests/local/mutants"), "CHATDB_MUTATION": name}
    death = {VARIABLE: f"{case.failpoint}:1"} if case.failpoint else {}
    begin(breakable, case.mutated, mutation | (death if case.killed == case.mutated else {}))
    if case.killed != case.mutated:
        begin(breakable, case.killed, death)
    if not case.stays:
        clean(breakable, case.mutated)
    yield breakable
    for service in {case.mutated, case.killed}:
        clean(breakable, service)
        begin(breakable, service, {})


def kill(supervisor: Supervisor, case: Case) -> None:
    """See it dead, once."""
    if not case.failpoint:
        supervisor.kill(case.killed)
    wait_for(f"{case.killed} has died", SECONDS, lambda: supervisor.blows)
    assert [blow.server for blow in supervisor.blows] == [case.killed]


def seen(running: Platform, orders: list[Order]) -> set[str]:
    """What the checker finds."""
    return set(violations(orders, world(running, REST_SECONDS)))


def last_job(running: Platform) -> Order:
    """Ordered when all is up again, and seen to its end: what was ordered before had its time."""
    (made,) = one_job(running)
    url = f"{running.url(ORCHESTRATOR)}/jobs/{made.job_ids[0]}"

    def over() -> bool:
        made.status = ask(url)[1].get("status")
        return made.status in TERMINAL

    wait_for("the last job has ended", SECONDS, over)
    return made


@pytest.mark.parametrize("name", [pytest.param(one, marks=() if ALL or one == ALWAYS else LATER) for one in CASES])
def test_what_is_missing_is_told(mutated: Platform, name: str) -> None:
    """Without the guard one kill leaves a violation of its kind, which was not there before."""
    case = CASES[name]
    before = seen(mutated, [])
    with watched(mutated) as supervisor:
        orders = case.work(mutated)
        kill(supervisor, case)
        mutated.wait(SECONDS)
        orders.append(last_job(mutated))
        lines = seen(mutated, orders) - before
    assert {line.partition(":")[0] for line in lines} & case.kinds, lines
