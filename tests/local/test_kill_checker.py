"""The checker of the kills can fail: a made-up run that is right passes, and what was broken in it is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.local.kill_history import Order, Row, World, violations

Broken = Callable[[World, list[Order]], World]
STEPS = ("QUEUED", "RUNNING", "SUCCEEDED")


def right() -> tuple[World, list[Order]]:
    """Job a was trained, and job b cancelled in time."""
    orders = [
        Order(key="ka", tag=1, answers=["0", "a"], job_ids=["a"], status="SUCCEEDED", ended=9.0),
        Order(key="kb", tag=2, answers=["b", "b"], job_ids=["b", "b"], cancel=200, status="CANCELLED", ended=9.0),
    ]
    version = {"model_name": "m", "version": 1, "sha256": "f00", "state": "READY", "job_id": "a"}
    made = {"version": 1, "sha256": "f00"}
    world = World(
        jobs=[
            {"id": "a", "status": "SUCCEEDED", "version": 3, "hyperparameters": {"seed": 1}, "result": made},
            {"id": "b", "status": "CANCELLED", "version": 2, "hyperparameters": {"seed": 2}, "result": None},
        ],
        transitions=[*history("a", *STEPS), *history("b", "QUEUED", "CANCELLED")],
        idempotency_keys=[{"key": "ka"}, {"key": "kb"}],
        unsent=0,
        inbox_before=frozenset({"1"}),
        inbox=frozenset({"1", "2"}),
        versions=[version],
        artifacts={("m", 1): "f00"},
        aliases=[{"model_name": "m", "alias": "champion", "version": 1}],
        events=frozenset({"1", "2"}),
        dead_letters=[],
    )
    return world, orders


def history(job: str, *states: str) -> list[Row]:
    """One row for each state."""
    froms = (None, *states)
    return [
        {"job_id": job, "version": number, "from_status": before, "to_status": after}
        for number, (before, after) in enumerate(zip(froms, states, strict=False), 1)
    ]


def job(world: World, name: str, **changed: Any) -> World:
    """With another job of that name."""
    return replace(world, jobs=[one | changed if one["id"] == name else one for one in map(dict, world.jobs)])


def second_job(world: World, _: list[Order]) -> World:
    """The key was not remembered: the retry made job c."""
    jobs = [*world.jobs, {**world.jobs[1], "id": "c"}]
    return replace(world, jobs=jobs, transitions=[*world.transitions, *history("c", "QUEUED", "CANCELLED")])


def second_answer(world: World, orders: list[Order]) -> World:
    """A retry was answered with another job."""
    orders[0].job_ids.append("c")
    return world


def version(world: World, **changed: Any) -> World:
    """With another version 1."""
    return replace(world, versions=[{**world.versions[0], **changed}])


def changed_mind(world: World, orders: list[Order]) -> World:
    """A client was shown another end."""
    orders[0].status = "FAILED"
    return world


CASES: dict[str, tuple[str, Broken]] = {
    "the answer came before the commit": (
        "lost",
        lambda w, _: replace(
            w, jobs=w.jobs[1:], transitions=w.transitions[3:], idempotency_keys=w.idempotency_keys[1:]
        ),
    ),
    "the key was kept without its job": ("half", lambda w, _: replace(w, jobs=w.jobs[1:])),
    "the key was not kept": ("duplicated", second_job),
    "a retry got another job": ("duplicated", second_answer),
    "no message in the outbox": ("stuck", lambda w, _: job(w, "a", status="QUEUED")),
    "an end that changed": ("changed", changed_mind),
    "a cancellation without effect": ("lost", lambda w, _: job(w, "b", status="FAILED")),
    "an illegal step": (
        "illegal",
        lambda w, _: replace(w, transitions=[*history("a", "QUEUED", "SUCCEEDED"), *w.transitions[3:]]),
    ),
    "two ends": (
        "illegal",
        lambda w, _: replace(w, transitions=[*history("a", *STEPS, "FAILED"), *w.transitions[3:]]),
    ),
    "a step without a row": ("illegal", lambda w, _: replace(w, transitions=w.transitions[1:])),
    "a job that was registered twice": (
        "duplicated",
        lambda w, _: replace(w, versions=[*w.versions, {**w.versions[0], "version": 2}]),
    ),
    "success without a version": ("lost", lambda w, _: replace(w, versions=[])),
    "another artifact": ("lost", lambda w, _: version(w, sha256="bad")),
    "an artifact that is gone": ("lost", lambda w, _: replace(w, artifacts={})),
    "an alias of what is not READY": ("alias", lambda w, _: version(w, state="PENDING")),
    "a model without a champion": ("alias", lambda w, _: replace(w, aliases=[])),
    "the outbox does not drain": ("stuck", lambda w, _: replace(w, unsent=1)),
    "the offset before the effect": ("lost", lambda w, _: replace(w, inbox=frozenset({"1"}))),
    "the broker forgot": ("lost", lambda w, _: replace(w, events=frozenset({"2"}))),
    "put aside": ("dead letter", lambda w, _: replace(w, dead_letters=["{}"])),
}


def test_what_is_right_passes() -> None:
    """Nothing is found in a good run."""
    world, orders = right()
    assert violations(orders, world) == []


@pytest.mark.parametrize("case", CASES)
def test_what_is_broken_is_told(case: str) -> None:
    """With its kind."""
    kind, broken = CASES[case]
    world, orders = right()
    lines = violations(orders, broken(world, orders))
    assert kind in {line.partition(":")[0] for line in lines}, lines
