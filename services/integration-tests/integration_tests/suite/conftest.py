"""What the tests share: the matrix, one survey of all connections, and a way to ask services."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration_tests import connections
from integration_tests.connections import How, Policies, Survey
from integration_tests.matrix import Matrix, Service, Target, Topic, read
from integration_tests.outcome import POLICIES
from integration_tests.patience import patience, settled

MATRIX = read(Path(os.environ["MATRIX_FILE"]))
CASES: Mapping[str, Sequence[Target | Service | Topic]] = {
    "denied": MATRIX.denied,
    "edge": MATRIX.edges,
    "service": MATRIX.services,
    "topic": MATRIX.topics,
}
ANSWER_SECONDS = 30.0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each entry of the matrix."""
    for name, entries in CASES.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, entries, ids=[entry.name for entry in entries])


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    """What there is to test."""
    return MATRIX


@pytest.fixture(scope="session")
def survey() -> Survey:
    """How it went with each connection; the first test asks for it."""
    return connections.survey(MATRIX.edges, MATRIX.denied, patience())


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """For requests to services; nothing of the environment changes where they go."""
    with httpx.Client(timeout=ANSWER_SECONDS, trust_env=False) as client:
        yield client


def checks(http: httpx.Client, service: Service) -> Mapping[str, Any]:
    """What its readiness says of each thing that it needs; empty where it says nothing."""
    try:
        body = http.get(f"{service.url}{service.readiness}").json()
    except (httpx.HTTPError, ValueError):
        return {}
    said = body.get("checks") if isinstance(body, dict) else None
    return said if isinstance(said, dict) else {}


@pytest.fixture(scope="session")
def reached(http: httpx.Client, survey: Survey) -> frozenset[str]:
    """The denied targets that a service reaches, as it says itself."""
    asked = {name for target in MATRIX.denied for name in target.witnesses}
    open_ = [one for one in MATRIX.services if one.name in asked and survey.edges.get(one.edge) is How.OPEN]
    wanted = {target.name for target in MATRIX.denied if target.witnesses}

    def look() -> frozenset[str]:
        said = {one.name: checks(http, one) for one in open_}
        return frozenset(target.name for target in MATRIX.denied if _seen(target, said))

    return settled(look, lambda names: names == wanted, patience())


def _seen(target: Target, said: Mapping[str, Mapping[str, Any]]) -> bool:
    results = (said.get(name, {}).get(check, {}) for name, check in target.witnesses.items())
    return any(one.get("ok") is True for one in results)


@pytest.fixture(scope="session")
def policies(request: pytest.FixtureRequest, survey: Survey, reached: frozenset[str]) -> Policies:
    """Whether the cluster enforces them; the last line of the log says it, too."""
    state = survey.policies(reached)
    request.config.stash[POLICIES] = state
    return state


def need(survey: Survey, *services: Service | None) -> None:
    """Skip what cannot be asked: the test of its edge has failed already, or the platform has no such service."""
    for service in services:
        if service is None:
            pytest.skip("this platform has no such service")
        if survey.edges[service.edge] is not How.OPEN:
            pytest.skip(f"{service.name} is {survey.edges[service.edge]}: see its edge")
