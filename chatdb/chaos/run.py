"""Plays experiments one after another, each from a steady state to a steady state, and says what was seen."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from chatdb.chaos.experiments import Experiment
from chatdb.local.addresses import service_urls
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.types.microservice.spec import Microservice

ASK_SECONDS = 10
JOURNEY = "test-service"
"""Whose smoke run is a user's way through all services."""


class State(Protocol):
    """How the platform is."""

    def not_ready(self) -> set[str]:
        """The services that do not say that they are ready."""

    def journey(self, seconds: float) -> str:
        """A user's way through the services, within so long; what went wrong, or nothing."""


Break = Callable[[Experiment], AbstractContextManager[None]]
"""Breaks it until the end of the body."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds: how long a fault lasts at least and at most, until all are ready again, and for a journey."""

    least: float = 5.0
    most: float = 30.0
    back: float = 120.0
    journey: float = 240.0
    pause: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was expected and seen not ready, milliseconds until all were ready again, and what went wrong."""

    id: str
    expected: Sequence[str]
    seen: Sequence[str]
    back: int | None
    problems: Sequence[str]


def play(experiments: Sequence[Experiment], state: State, break_: Break, limits: Limits) -> Iterator[Outcome]:
    """Each in turn; what is steady after one is steady before the next. Ends after one that leaves it otherwise."""
    _, wrong = _steady(state, limits)
    if wrong:
        fix = "wait until `chatdb local up` says that all is ready"
        raise InvalidInput([Problem("before the first experiment", "; ".join(wrong), fix)])
    for experiment in experiments:
        outcome, steady = _play(experiment, state, break_, limits)
        yield outcome
        if not steady:
            return


def _play(experiment: Experiment, state: State, break_: Break, limits: Limits) -> tuple[Outcome, bool]:
    with break_(experiment):
        seen = _watch(experiment, state, limits)
    back, wrong = _steady(state, limits)
    expected = set(experiment.expected)
    problems = [f"{name} stayed ready" for name in sorted(expected - seen)]
    problems += [f"{name} was not ready, too" for name in sorted(seen - expected)]
    outcome = Outcome(
        id=experiment.id, expected=experiment.expected, seen=sorted(seen), back=back, problems=[*problems, *wrong]
    )
    return outcome, not wrong


def _watch(experiment: Experiment, state: State, limits: Limits) -> set[str]:
    """Who was not ready twice in a row: one answer that is late is no outage."""
    begin = time.monotonic()
    seen: set[str] = set()
    before: set[str] = set()
    while (spent := time.monotonic() - begin) < limits.most:
        if spent > limits.least and seen >= set(experiment.expected):
            break
        now = state.not_ready()
        seen |= now & before
        before = now
        time.sleep(limits.pause)
    return seen


def _steady(state: State, limits: Limits) -> tuple[int | None, list[str]]:
    """Milliseconds until all were ready, and what is wrong: who is not, or a journey that fails."""
    begin = time.monotonic()
    while missing := state.not_ready():
        if time.monotonic() - begin > limits.back:
            return None, [f"{name} is not ready after {limits.back:g} s" for name in sorted(missing)]
        time.sleep(limits.pause)
    back = round(1000 * (time.monotonic() - begin))
    # What a fault has left in a pool of connections may end one journey; it does not end two.
    wrong = state.journey(limits.journey) and state.journey(limits.journey)
    return back, [wrong] if wrong else []


@dataclass(frozen=True, kw_only=True)
class Services:
    """The services over HTTP: where each is, and the path by which it says that it is ready."""

    urls: Mapping[str, str]
    ready: Mapping[str, str]

    def not_ready(self) -> set[str]:
        """Each is asked once."""
        asked = {name: _ask(f"{url}{self.ready[name]}")[0] for name, url in self.urls.items()}
        return {name for name, status in asked.items() if status != HTTPStatus.OK}

    def journey(self, seconds: float) -> str:
        """A smoke run of test-service."""
        url = self.urls[JOURNEY]
        status, run = _ask(f"{url}/runs", method="POST")
        if status != HTTPStatus.ACCEPTED:
            return f"the journey is not begun: {JOURNEY} answers with {status}"
        until = time.monotonic() + seconds
        while run.get("status") not in ("passed", "failed") and time.monotonic() < until:
            time.sleep(1)
            run = _ask(f"{url}/runs/{run['id']}")[1] or run
        if run.get("status") == "passed":
            return ""
        wrong = [f"{step['name']}: {step['detail']}" for step in run["steps"] if step["status"] == "failed"]
        return f"the journey fails: {'; '.join(wrong) or f'no end within {seconds:g} s'}"


def services(platform: ResolvedPlatform, told: Mapping[str, str]) -> Services:
    """Those of a running platform, by what it has told."""
    microservices = platform.of_type(Microservice.name)
    return Services(
        urls=service_urls(platform, told),
        ready={c.name: str(c.probes.readiness.path) for c in microservices if c.probes},
    )


def _ask(url: str, *, method: str = "GET") -> tuple[int, dict[str, Any]]:
    """Status and JSON of the answer; 0 where there is none."""
    try:
        request = urllib.request.Request(url, method=method)  # noqa: S310 - always http
        with urllib.request.urlopen(request, timeout=ASK_SECONDS) as response:  # noqa: S310
            return response.status, dict(json.load(response))
    except urllib.error.HTTPError as error:
        return error.code, {}
    except (OSError, ValueError):
        return 0, {}
