"""What each service says of itself and of what it needs."""

from collections.abc import Callable

import httpx
import pytest

from integration_tests.connections import Survey
from integration_tests.matrix import Service
from integration_tests.patience import until_well
from integration_tests.suite.conftest import checks, need

OK = 200


def ask(http: httpx.Client, service: Service, path: str | None) -> Callable[[], str | None]:
    """A question whose answer is what is wrong; skip where the service has no such path."""
    if path is None:
        pytest.skip("it has no such path")

    def complaint() -> str | None:
        try:
            answer = http.get(f"{service.url}{path}")
        except httpx.HTTPError as error:
            return f"{service.name} does not answer {path}: {str(error) or type(error).__name__}"
        if answer.status_code == OK:
            return None
        return f"{service.name} answers {path} with {answer.status_code}: {answer.text[:500]}"

    return complaint


def test_alive(service: Service, survey: Survey, http: httpx.Client) -> None:
    """Liveness is answered with 200."""
    need(survey, service)
    until_well(ask(http, service, service.liveness))


def test_ready(service: Service, survey: Survey, http: httpx.Client) -> None:
    """So is readiness; where not, what it lacks is in the answer."""
    need(survey, service)
    until_well(ask(http, service, service.readiness))


def test_needs(service: Service, survey: Survey, http: httpx.Client) -> None:
    """By its own account it reaches everything that the catalogue says it needs."""
    need(survey, service)

    def complaint() -> str | None:
        said = checks(http, service)
        if service.needs and said.keys().isdisjoint(service.needs.values()):
            pytest.skip("its readiness checks no service: the smoke run shows what it reaches")
        wrong = [name for name, check in service.needs.items() if said.get(check, {}).get("ok") is not True]
        return f"{service.name} does not say that it reaches {', '.join(wrong)}: {said}" if wrong else None

    until_well(complaint)


def test_metrics(service: Service, survey: Survey, http: httpx.Client) -> None:
    """Prometheus would find something."""
    need(survey, service)
    until_well(ask(http, service, service.metrics))
    assert "# TYPE " in http.get(f"{service.url}{service.metrics}").text
