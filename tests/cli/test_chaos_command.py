"""Experiments are the graph's, and a run says what it saw; the platform is made up here."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from catalogue.components import CATALOGUE
from chatdb.chaos.experiments import Experiment, chosen, experiments
from chatdb.chaos.run import Limits, Outcome, play
from chatdb.local.parts import JOBS, MAKERS
from constructs_lib.model import BucketAccess, Dependency
from constructs_lib.problem import InvalidInput
from constructs_lib.resolve import resolve
from constructs_lib.resolved import ResolvedPlatform
from tests.command import invoke
from tests.repository import PLATFORM, ROOT

EXPERIMENTS = experiments(PLATFORM, ROOT)
LIMITS = Limits(least=0.02, most=0.2, back=0.2, journey=1, pause=0.01)
ALL = {name for one in EXPERIMENTS for name in one.expected}


def test_all_of_the_graph_is_there() -> None:
    """A cut for each edge of a service to what runs locally, a kill for each server, and nothing else."""
    running = {c.name for c in CATALOGUE.components if c.type in MAKERS and c.type not in JOBS}
    services = [c for c in CATALOGUE.components if c.type == "microservice"]
    edges = {(c.name, edge.to) for c in services for edge in (*c.needs, *c.talks_to) if edge.to in running}
    assert {one.id for one in EXPERIMENTS} == {f"cut:{c}:{p}" for c, p in edges} | {f"kill:{name}" for name in running}


def test_who_is_expected_follows_from_needs() -> None:
    """Direct consumers and the killed service itself; who can do something without it stays ready."""
    expected = {one.id: one.expected for one in EXPERIMENTS}
    assert expected["kill:postgres"] == ("model-registry", "training-orchestrator")
    assert expected["kill:model-registry"] == ("ml-engine", "model-registry")
    assert expected["kill:kafka"] == expected["cut:ml-engine:kafka"] == ("ml-engine",)
    assert expected["kill:minio"] == expected["cut:ml-engine:minio"] == ()
    assert expected["cut:test-service:ml-engine"] == ()


def test_a_new_edge_is_a_new_experiment() -> None:
    """Nothing is listed by hand."""
    needs = (Dependency("kafka", "kafka"), Dependency("minio", "api"))
    changed = changed_platform("query-parser", needs=needs, buckets=(BucketAccess(bucket="test"),))
    expected = {one.id: one.expected for one in experiments(changed, ROOT)}
    assert expected["cut:query-parser:minio"] == ("query-parser",)
    assert expected["kill:minio"] == ("query-parser",)
    nothing: dict[str, str] = {}
    talks = (Dependency("kafka", "kafka"),)
    soft = changed_platform(
        "query-parser", needs=(), ready_without=(), produces=nothing, consumes=nothing, talks_to=talks
    )
    expected = {one.id: one.expected for one in experiments(soft, ROOT)}
    assert expected["cut:query-parser:kafka"] == ()


def changed_platform(name: str, **values: object) -> ResolvedPlatform:
    """The platform's, with one component changed."""
    components = [replace(c, **values) if c.name == name else c for c in CATALOGUE.components]  # type: ignore[arg-type]
    return resolve(replace(CATALOGUE, components=tuple(components)))


def test_choice() -> None:
    """By id, in an order that the seed repeats; an unknown id is refused."""
    assert [one.id for one in chosen(EXPERIMENTS, ["kill:kafka"], None)] == ["kill:kafka"]
    assert chosen(EXPERIMENTS, [], 7) == chosen(EXPERIMENTS, [], 7) != chosen(EXPERIMENTS, [], 8)
    assert sorted(one.id for one in chosen(EXPERIMENTS, [], 7)) == [one.id for one in EXPERIMENTS]
    with pytest.raises(InvalidInput, match="kill:nobody is no experiment"):
        chosen(EXPERIMENTS, ["kill:nobody"], None)


def test_list() -> None:
    """Every experiment, with who is expected not to be ready."""
    printed = json.loads(invoke("chaos", "list", "--json"))["experiments"]
    assert [(one["id"], tuple(one["expected"])) for one in printed] == [(one.id, one.expected) for one in EXPERIMENTS]


@dataclass
class World:
    """A platform that does as the graph says, but for what a test asks of it."""

    never_back: bool = False
    numb: bool = False
    too_many: bool = False
    journey_fails: bool = False
    broken: set[str] = field(default_factory=set)

    def not_ready(self) -> set[str]:
        """Who suffers."""
        return set(self.broken)

    def journey(self, seconds: float) -> str:
        """A user's way."""
        return "the journey fails" if self.journey_fails and seconds else ""

    @contextmanager
    def hurt(self, experiment: Experiment) -> Iterator[None]:
        """Break and fix."""
        self.broken = set() if self.numb else ALL if self.too_many else set(experiment.expected)
        yield
        if not self.never_back:
            self.broken = set()


def played(world: World, *names: str) -> list[Outcome]:
    """What came of these experiments."""
    return list(play(chosen(EXPERIMENTS, names, None), world, world.hurt, LIMITS))


def test_as_expected() -> None:
    """Seen is what was expected, and nothing went wrong."""
    outcomes = played(World(), "kill:kafka", "cut:test-service:ml-engine")
    assert [(one.id, one.problems, tuple(one.seen) == tuple(one.expected)) for one in outcomes] == [
        ("cut:test-service:ml-engine", [], True),
        ("kill:kafka", [], True),
    ]


def test_what_never_comes_back_ends_the_run() -> None:
    """It is named, there is no time for it, and the next experiment is not begun."""
    (outcome,) = played(World(never_back=True), "kill:query-parser", "kill:test-service")
    assert (outcome.id, outcome.back) == ("kill:query-parser", None)
    assert outcome.problems == ["query-parser is not ready after 0.2 s"]


def test_a_journey_that_fails_ends_the_run() -> None:
    """Ready is not enough."""

    class Later(World):
        @contextmanager
        def hurt(self, experiment: Experiment) -> Iterator[None]:
            with super().hurt(experiment):
                yield
            self.journey_fails = True

    (outcome,) = played(Later(), "kill:kafka", "kill:minio")
    assert outcome.problems == ["the journey fails"]


def test_one_more_journey_may_pass() -> None:
    """A connection from before the fault may end the first one; no more than one."""

    class Once(World):
        journeys = 0

        def journey(self, seconds: float) -> str:
            self.journeys += 1
            return "the journey fails" if self.journeys == 2 and seconds else ""

    world = Once()
    (outcome,) = played(world, "kill:kafka")
    assert (outcome.problems, world.journeys) == ([], 3)


def test_who_notices_is_compared() -> None:
    """A service that stays ready without what it needs is told, and one that the graph does not name."""
    (outcome,) = played(World(numb=True), "kill:query-parser")
    assert outcome.problems == ["query-parser stayed ready"]
    (outcome,) = played(World(too_many=True), "kill:query-parser")
    assert [one for one in outcome.problems if "query-parser" in one] == []
    assert len(outcome.problems) == len(ALL) - 1


def test_nothing_is_broken_where_nothing_is_steady() -> None:
    """The state before the first experiment is looked at, too."""
    for world in (World(journey_fails=True), World(broken={"ml-engine"})):
        with pytest.raises(InvalidInput, match="before the first experiment"):
            played(world, "kill:kafka")
