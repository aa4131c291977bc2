"""A service's OpenAPI document, held against what it answers to requests that fit it and to requests that do not."""

from collections.abc import Mapping
from typing import Any

import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from chatdb_common.problems import MEDIA_TYPE

KINDS = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
ORIGIN = "http://testserver"


def check(client: TestClient, known: Mapping[str, Any], *, examples: int) -> dict[str, set[int]]:
    """Every operation gets that many requests of each kind, the same ones in every run; the statuses that were seen.

    `known` are path parameters of things that are there: half of the requests name them.
    """
    app = client.app
    assert isinstance(app, FastAPI)
    seen: dict[str, set[int]] = {}
    operations = [result.ok() for result in schemathesis.openapi.from_dict(app.openapi()).get_all_operations()]
    # What is there is removed at the end.
    for operation in sorted(operations, key=lambda one: one.method == "delete"):
        names = {parameter.name for parameter in operation.path_parameters}
        fixed = {name: value for name, value in known.items() if name in names}
        cases = [operation.as_strategy(kind) for kind in KINDS]
        if fixed:
            cases += [operation.as_strategy(kind, path_parameters=fixed) for kind in KINDS]
        seen[operation.label] = _try(client, st.one_of(cases), examples * len(cases))
    return seen


def _try(client: TestClient, cases: Any, examples: int) -> set[int]:
    statuses: set[int] = set()

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases)
    def answers(case: Any) -> None:
        response = _send(client, case)
        statuses.add(response.status_code)
        # What binds two fields together can't be said in a schema.
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
        if response.status_code >= 400:
            assert response.headers["content-type"].partition(";")[0] in (
                MEDIA_TYPE,
                *_pages(case, response.status_code),
            )

    answers()
    return statuses


def _pages(case: Any, status: int) -> list[str]:
    """What the document names for exactly this status: pages for people are no problems."""
    return list(case.operation.definition.raw["responses"].get(str(status), {}).get("content", {}))


def _send(client: TestClient, case: Any) -> Any:
    """Over the client of the tests, in whose lifespan the service's connections are open."""
    sent = case.as_transport_kwargs(base_url=ORIGIN)
    del sent["cookies"]
    sent["content"] = sent.pop("data", None)
    return client.request(**sent, follow_redirects=False)
