"""Scenarios: an update of some tiers with a fault at some moment, drawn from a seed, and what came of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from random import Random

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from constructs_lib.kustomize import kustomize
from tests.e2e.argo_cd import WAVE_DELAY
from tests.e2e.deployment import Deployment
from tests.e2e.faults import crashed, failing, never_ready, no_git, refused
from tests.e2e.order import ready, tier_of
from tests.repository import ROOT

RECOVERING = 240
"""Seconds within which the platform has to be whole again after the fault; docs/reliability.md says what was seen."""
RUNNING = ("Deployment", "StatefulSet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is done: tiers that change, and a fault that begins when the update reaches `moment`."""

    seed: int
    fault: str
    tiers: tuple[Tier, ...]
    moment: Tier
    component: str
    seconds: float

    def __str__(self) -> str:
        """One line, with the seed that makes it again."""
        return (
            f"seed {self.seed}: {self.fault} at {self.moment} ({self.component}) for {self.seconds:g} s, "
            f"while {', '.join(self.tiers)} change"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it: seconds in all, from the end of the fault, and, of one update, those not to be saved."""

    scenario: Scenario
    violations: list[str]
    total: float
    recovery: float
    floor: float


@cache
def components(environment: str, tier: Tier) -> tuple[str, ...]:
    """What runs on in the tier and has a Service of its own name."""
    overlay = ROOT / "overlays" / environment / tier
    objects = kustomize(ROOT, overlay) if overlay.exists() else []
    services = {manifest["metadata"]["name"] for manifest in objects if manifest["kind"] == "Service"}
    names = {manifest["metadata"]["name"] for manifest in objects if manifest["kind"] in (*RUNNING, "Cluster")}
    return tuple(sorted(names & services))


def draw(seed: int, fault: str | None = None, environment: str = "minikube") -> Scenario:
    """The scenario of that seed: the same one each time."""
    random = Random(seed)
    able = [tier for tier in Tier if components(environment, tier)]
    kind = fault or random.choice(sorted(FAULTS))
    tiers = random.sample(able, random.randint(2, len(able)))
    moment = random.choice(tiers)
    return Scenario(
        seed=seed,
        fault=kind,
        tiers=tuple(sorted(tiers, key=list(Tier).index)),
        moment=moment,
        component=random.choice(components(environment, moment)),
        seconds=round(random.uniform(0.5, 12), 1),
    )


def play(platform: Deployment, scenario: Scenario) -> Outcome:
    """Do it, and wait until the platform is whole; nobody touches it after the end of the fault."""
    since, began = platform.version(), time.monotonic()
    held, ended = (FAULTS | FAILING)[scenario.fault](platform, scenario)
    platform.wait_released(held, RECOVERING)
    whole = time.monotonic()
    return Outcome(
        scenario=scenario,
        violations=platform.violations(since),
        total=whole - began,
        recovery=whole - ended,
        floor=floor(platform, since),
    )


def floor(platform: Deployment, since: int) -> float:
    """The pauses between waves, and for each changed tier the time from its first change to its last readiness."""
    first: dict[Tier, float] = {}
    last: dict[Tier, float] = {}
    for event in platform.recorder.sorted():
        tier = tier_of(event.owner)
        if event.version <= since or tier is None or event.kind not in RUNNING or event.type == "DELETED":
            continue
        first.setdefault(tier, event.seconds)
        if ready(event.manifest):
            last[tier] = event.seconds
    longest: dict[int, float] = {}
    for tier, seconds in last.items():
        longest[CATALOGUE.wave(tier)] = max(longest.get(CATALOGUE.wave(tier), 0), seconds - first[tier])
    # The last pause is the one before the root says that all is released.
    return WAVE_DELAY * len({CATALOGUE.wave(tier) for tier in platform.tiers}) + sum(longest.values())


Fault = Callable[[Deployment, Scenario], tuple[str, float]]
"""Does it; the commit that every tier is held at in the end, and when the fault was over."""


def _change(platform: Deployment, scenario: Scenario, name: str = "first") -> str:
    _mark(platform, scenario)
    return platform.release(f"Scenario {scenario.seed}, {name}")


def _mark(platform: Deployment, scenario: Scenario) -> None:
    """The values are new ones also where a seed is played twice."""
    platform.origin.reset()
    for tier in scenario.tiers:
        platform.origin.mark(tier, f"v{platform.version()}")


def _reached(platform: Deployment, scenario: Scenario, held: str) -> None:
    condition = f"the update reaches {scenario.moment}"
    platform.wait(condition, RECOVERING, lambda: platform.pin(scenario.moment) == held)


def _nothing(platform: Deployment, scenario: Scenario) -> tuple[str, float]:
    return _change(platform, scenario), time.monotonic()


def _during(fault: Callable[[Deployment], AbstractContextManager[None]]) -> Fault:
    """A fault that begins in the middle of the update."""

    def done(platform: Deployment, scenario: Scenario) -> tuple[str, float]:
        held = _change(platform, scenario)
        _reached(platform, scenario, held)
        with fault(platform):
            time.sleep(scenario.seconds)
        return held, time.monotonic()

    return done


def _before(fault: Callable[[Deployment, Scenario], AbstractContextManager[None]]) -> Fault:
    """A fault that lies in wait for the update, and ends some seconds after it was met; nothing above has moved."""

    def done(platform: Deployment, scenario: Scenario) -> tuple[str, float]:
        above = [tier for tier in platform.tiers if CATALOGUE.wave(tier) > CATALOGUE.wave(scenario.moment)]
        with fault(platform, scenario):
            held = _change(platform, scenario)
            _reached(platform, scenario, held)
            time.sleep(scenario.seconds)
            moved = [tier for tier in above if platform.pin(tier) == held]
            assert not moved, f"{scenario}: {moved} moved\n{platform.argo_cd.states()}"
        return held, time.monotonic()

    return done


def _component(platform: Deployment, scenario: Scenario) -> AbstractContextManager[None]:
    return never_ready(platform, scenario.component)


def _failing(platform: Deployment, scenario: Scenario, how: str) -> AbstractContextManager[None]:
    return failing(platform, scenario.component, how)


@contextmanager
def _service(platform: Deployment, scenario: Scenario) -> Iterator[None]:
    service = next(
        entry for entry in platform.api.list("v1", "Service") if entry["metadata"]["name"] == scenario.component
    )
    namespace = service["metadata"]["namespace"]
    with refused(platform, "Service", namespace, scenario.component):
        platform.delete_by_hand("v1", "Service", namespace, scenario.component)
        yield


def _two_commits(platform: Deployment, scenario: Scenario) -> tuple[str, float]:
    held = _change(platform, scenario)
    _reached(platform, scenario, held)
    return _change(platform, scenario, "second"), time.monotonic()


def _bad_release(platform: Deployment, scenario: Scenario) -> tuple[str, float]:
    _mark(platform, scenario)
    platform.origin.strand(scenario.moment, scenario.component)
    bad = platform.release(f"Scenario {scenario.seed}, bad")
    _reached(platform, scenario, bad)
    time.sleep(scenario.seconds)
    return _change(platform, scenario, "fix"), time.monotonic()


def _rollback(platform: Deployment, scenario: Scenario) -> tuple[str, float]:
    held = _change(platform, scenario)
    _reached(platform, scenario, held)
    platform.origin.revert(held)
    return platform.release(f"Scenario {scenario.seed}, back"), time.monotonic()


def _by_hand(platform: Deployment, scenario: Scenario) -> tuple[str, float]:
    held = _change(platform, scenario)
    platform.wait_released(held, RECOVERING)
    # With a Cluster its data would go: what an operator has made of it has the component's label.
    existing = [entry for kind in RUNNING for entry in platform.api.list("apps/v1", kind)]
    named = [entry for entry in existing if entry["metadata"]["name"] == scenario.component]
    labelled = [entry for entry in existing if entry["metadata"].get("labels", {}).get("app") == scenario.component]
    workload = (named or labelled)[0]
    metadata = workload["metadata"]
    platform.delete_by_hand("apps/v1", workload["kind"], metadata["namespace"], metadata["name"])
    uid = metadata["uid"]
    ended = time.monotonic()
    platform.wait("it is made again", RECOVERING, lambda: _made_again(platform, workload, uid))
    return held, ended


def _made_again(platform: Deployment, manifest: dict[str, object], uid: str) -> bool:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    current = platform.api.get("apps/v1", str(manifest["kind"]), metadata["namespace"], metadata["name"])
    return current is not None and current["metadata"]["uid"] != uid


FAULTS: dict[str, Fault] = {
    "none": _nothing,
    "component never ready": _before(_component),
    "object refused": _before(_service),
    "no git": _during(no_git),
    "application controller killed": _during(partial(crashed, server="argocd-application-controller")),
    "repo server killed": _during(partial(crashed, server="argocd-repo-server")),
    "API server killed": _during(partial(crashed, server="kube-apiserver")),
    "second commit": _two_commits,
    "bad release, then a fix": _bad_release,
    "rollback": _rollback,
    "deleted by hand": _by_hand,
}
FAILING: dict[str, Fault] = {
    "pods crash": _before(partial(_failing, how="crash")),
    "Secret missing": _before(partial(_failing, how="secret")),
}
"""Not drawn: to Argo CD both are a component that is not ready, and a seed stays the scenario that it was."""
