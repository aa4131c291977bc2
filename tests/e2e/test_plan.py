"""What `chatdb plan` says of a change is what a real API server does with it."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdb.local.processes import wait_for
from chatdb.plan import sides
from chatdb.plan.changes import Action
from chatdb.plan.notes import RULES, Effect
from chatdb.plan.plan import between
from chatdb.plan.sides import Side
from tests.e2e.plan_case import Case
from tests.e2e.plan_cases import CASES
from tests.e2e.plan_draws import draws
from tests.e2e.plan_edits import ENVIRONMENT, edited, put
from tests.e2e.plan_outcome import RESTART, Outcome
from tests.e2e.planned import Planned, expand, planned
from tests.fuzz.lane import SEED, WHOLE, repeat
from tests.repository import ROOT

UNCHANGEABLE = re.compile("immutable|may not change|may not be specified|only allowed for|can not be less than")
"""How the server says that a change is what is wrong, and not the object."""
SAMPLE, WHOLE_COUNT = 25, 300
"""Random changes of a run, and of `make plan-changes`."""


@pytest.fixture(scope="module")
def base() -> Side:
    """Minikube, as it is committed."""
    return sides.side(ROOT, ENVIRONMENT, ROOT)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, base: Side) -> Iterator[Planned]:
    """A control plane that holds minikube."""
    with planned(tmp_path_factory.mktemp("plan") / "cluster", base) as made:
        yield made


def assert_true(outcome: Outcome) -> None:
    """The server writes what the plan names, refuses what it is said to refuse, and rolls what is said to restart."""
    assert outcome.written == outcome.named
    assert outcome.refused.keys() == outcome.about(Effect.REFUSED)
    assert outcome.rolled == outcome.about(Effect.RESTARTS) - outcome.jobs


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(cluster: Planned, base: Side, tmp_path: Path, case: Case) -> None:
    """It finds what it is meant to find, and is true."""
    outcome = cluster.play(*case.sides(base, tmp_path))
    assert outcome.rules == case.rules
    assert_true(outcome)
    assert [words for words in outcome.refused.values() if not UNCHANGEABLE.search(words)] == []


def test_every_rule_has_a_case() -> None:
    """No rule is only written."""
    assert {rule.id for rule in RULES} - {rule for case in CASES for rule in case.rules} == set()


def test_drawn(cluster: Planned, base: Side, tmp_path: Path) -> None:
    """Plans of random changes are true, too."""
    wrong = []
    began = time.monotonic()
    cases = draws(SEED, WHOLE_COUNT if WHOLE else SAMPLE, base)
    for case in cases:
        outcome = cluster.play(*case.sides(base, tmp_path / case.id))
        try:
            assert_true(cluster.without_invalid(outcome))
        except AssertionError as error:
            edits = [(one.target, one.path) for one in case.edits]
            wrong.append(f"{case.id} {edits}: {error}")
            print(wrong[-1], flush=True)
    print(f"{len(cases)} changes of seed {SEED} in {time.monotonic() - began:.0f} s")
    assert wrong == [], f"{len(wrong)} are not; again: {repeat()}"


ROLLOUTS = {
    "image": 0,
    "image-beside-the-old": 1,
    "two-pods": 1,
    "image-and-recreate": 0,
    "args-turned": 0,
}
"""Case -> how many pods serve meanwhile, at the least."""


@pytest.mark.parametrize("id_", ROLLOUTS)
def test_pods_are_replaced(cluster: Planned, base: Side, tmp_path: Path, id_: str) -> None:
    """Every pod is another one afterwards, and as many serve meanwhile as the note says."""
    case = next(case for case in CASES if case.id == id_)
    before, after = case.sides(base, tmp_path)
    cluster.become(before)
    (change,) = between(ROOT, ENVIRONMENT, before, after).changes
    cluster.wait_rolled(change.manifest)
    old, since = cluster.pods(change.manifest), cluster.version()
    outcome = cluster.play(before, after)
    (note,) = (note for note in outcome.plan.notes if note.rule == RESTART)
    fewest = cluster.rollout(change.manifest, since)
    new = cluster.pods(change.manifest)
    assert new and not old.keys() & new.keys()
    assert note.text.startswith(f"{len(old)} pod")
    assert fewest == ROLLOUTS[id_]
    assert note.text.endswith("none serves meanwhile" if fewest == 0 else f"{fewest} or more serve meanwhile")


def test_job_runs_again(cluster: Planned, base: Side, tmp_path: Path) -> None:
    """The Job of the old name is gone, and the one of the new name completes."""
    (case,) = (case for case in CASES if case.id == "topic-partitions")
    outcome = cluster.play(*case.sides(base, tmp_path))
    assert outcome.jobs
    for change in outcome.plan.changes:
        if change.action is Action.RUN_AGAIN and change.before:
            assert cluster.live(change.before) is None
            cluster.wait_rolled(change.manifest)


def test_refused_pods(cluster: Planned, base: Side, tmp_path: Path) -> None:
    """Beyond the quota, the API server refuses the pods, in its words."""
    (case,) = (case for case in CASES if case.id == "quota-too-small")
    before, after = case.sides(base, tmp_path)
    cluster.play(before, edited(after, put("Deployment/query-parser", "/spec/replicas", 2)))
    words = "exceeded quota: quota"
    wait_for("a pod is refused", 30, lambda: any(words in one["message"] for one in cluster.events("chatdb-services")))


def test_volume_without_expansion(cluster: Planned, base: Side, tmp_path: Path) -> None:
    """Where the StorageClass does not allow it, the server refuses a larger claim: the note says so."""
    (case,) = (case for case in CASES if case.id == "volume-grown")
    expand(cluster.api, allowed=False)
    try:
        outcome = cluster.play(*case.sides(base, tmp_path))
    finally:
        expand(cluster.api, allowed=True)
    assert "allowVolumeExpansion" in outcome.plan.notes[0].text
    assert [words for words in outcome.refused.values() if "resize" in words]
