"""What clients were told of their jobs, what is stored at the end, and whether both can be true."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

TERMINAL = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
LEGAL = {
    None: {"QUEUED"},
    "QUEUED": {"RUNNING", "CANCELLED"},
    "RUNNING": {"QUEUED", *TERMINAL},
}
Row = Mapping[str, Any]


@dataclass(kw_only=True)
class Order:
    """One job as its client sees it; `tag` is in the job's hyperparameters, so that a second one is found."""

    key: str
    tag: int
    sent: float = 0.0
    answers: list[str] = field(default_factory=list)
    """Each answer to POST /jobs with this key: the id of the job, or what went wrong."""
    job_ids: list[str] = field(default_factory=list)
    cancel: int | None = None
    """The status of the answer to the cancellation, where one was asked for."""
    status: str | None = None
    """The last that was shown."""
    ended: float | None = None


@dataclass(frozen=True, kw_only=True)
class World:
    """Rows of the tables, and messages of the topics, when all is at rest."""

    jobs: Sequence[Row]
    transitions: Sequence[Row]
    idempotency_keys: Sequence[Row]
    unsent: int
    inbox_before: frozenset[str]
    """Before the topics were read: each of these was sent."""
    inbox: frozenset[str]
    versions: Sequence[Row]
    aliases: Sequence[Row]
    artifacts: Mapping[tuple[str, int], str]
    """The digest of the bytes that the registry gives for each READY version."""
    events: frozenset[str]
    dead_letters: Sequence[str]


def violations(orders: Sequence[Order], world: World) -> list[str]:
    """What cannot be, a sentence each that begins with its kind."""
    jobs = {str(job["id"]): job for job in world.jobs}
    lines = [line for order in orders for line in _of_order(order, world, jobs)]
    lines += [line for job in world.jobs for line in _of_job(job, world)]
    return [*lines, *_of_models(world), *_of_messages(world)]


def _of_order(order: Order, world: World, jobs: Mapping[str, Row]) -> Iterator[str]:
    made = [job for job in world.jobs if job["hyperparameters"].get("seed") == order.tag]
    kept = [row for row in world.idempotency_keys if row["key"] == order.key]
    if len(made) > 1 or len(kept) > 1 or len(set(order.job_ids)) > 1:
        yield f"duplicated: key {order.key} has {len(made)} jobs, {len(kept)} rows, answers {order.answers}"
    if len(made) != len(kept):
        yield f"half: key {order.key} has {len(made)} jobs and {len(kept)} rows"
    if not order.job_ids:
        return
    job = jobs.get(order.job_ids[0])
    if job is None or not kept:
        yield f"lost: job {order.job_ids[0]} was acknowledged"
        return
    if order.status in TERMINAL and order.status != job["status"]:
        yield f"changed: job {job['id']} was {order.status} and is {job['status']}"
    if order.cancel == 200 and job["status"] != "CANCELLED":
        yield f"lost: the cancellation of job {job['id']}, which is {job['status']}"


def _of_job(job: Row, world: World) -> Iterator[str]:
    if job["status"] not in TERMINAL:
        yield f"stuck: job {job['id']} is {job['status']}"
    history = sorted((t for t in world.transitions if t["job_id"] == job["id"]), key=lambda t: int(t["version"]))
    path = [None, *(step["to_status"] for step in history)]
    if any(new not in LEGAL.get(old, ()) for old, new in pairwise(path)):
        yield f"illegal: job {job['id']} went {path}"
    if [step["from_status"] for step in history] != path[:-1] or path[-1] != job["status"]:
        yield f"illegal: the history of job {job['id']} has a gap: {path}, is {job['status']}"
    if [step["version"] for step in history] != list(range(1, job["version"] + 1)):
        yield f"illegal: job {job['id']} is at version {job['version']} after {len(history)} steps"
    made = [version for version in world.versions if version["job_id"] == job["id"]]
    if len(made) > 1:
        yield f"duplicated: job {job['id']} has {len(made)} versions"
    if job["status"] == "SUCCEEDED":
        result = job["result"]
        told = [(result["version"], result["sha256"], "READY")]
        if [(one["version"], one["sha256"], one["state"]) for one in made] != told:
            yield f"lost: the version that job {job['id']} made, {told}"


def _of_models(world: World) -> Iterator[str]:
    ready = {(one["model_name"], one["version"]) for one in world.versions if one["state"] == "READY"}
    for one in world.versions:
        name, number = one["model_name"], one["version"]
        if one["state"] == "READY" and world.artifacts.get((name, number)) != one["sha256"]:
            yield f"lost: the artifact of {name} {number}"
    champions = Counter(alias["model_name"] for alias in world.aliases if alias["alias"] == "champion")
    for name in sorted({name for name, _ in ready}):
        if champions[name] != 1:
            yield f"alias: model {name} has {champions[name]} champions"
    for alias in world.aliases:
        if (alias["model_name"], alias["version"]) not in ready:
            yield f"alias: {alias['alias']} of {alias['model_name']} names version {alias['version']}, not READY"


def _of_messages(world: World) -> Iterator[str]:
    if world.unsent:
        yield f"stuck: {world.unsent} messages in the outbox"
    for message in sorted(world.events - world.inbox):
        yield f"lost: event {message} was sent and had no effect"
    for message in sorted(world.inbox_before - world.events):
        yield f"lost: event {message} had an effect and is not on its topic"
    for letter in world.dead_letters:
        yield f"dead letter: {letter}"
