"""POST /parse answers as its document says."""

import contract
from fastapi.testclient import TestClient

from query_parser.entrypoints import build
from query_parser.settings import Settings


def test_answers_are_as_documented() -> None:
    """Whatever is sent: no error of the service, and the types that are declared."""
    settings = Settings(kafka_bootstrap_servers="127.0.0.1:1", query_topic="queries", result_topic="query_results")
    with TestClient(build(settings)) as client:
        seen = contract.check(client, {}, examples=15)
    assert seen["POST /parse"] >= {200, 422}
