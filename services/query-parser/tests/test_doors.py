"""POST /parse and the topic of questions: both say the same."""

from typing import Any

import pytest
import yaml
from corpus_cases import CORPUS
from fastapi.testclient import TestClient

from chatdb_common.ids import new_id
from chatdb_common.messages import Query, QueryResult
from query_parser.entrypoints import build, handle
from query_parser.settings import Settings

SHOP = yaml.safe_load((CORPUS / "schemas" / "shop.yaml").read_text())
KEY_OF_NOTHING = {"table": "x", "column": "y", "references": "z", "key": "k"}
FAILED_LAST_WEEK = "how many jobs failed last week"


@pytest.fixture
def client() -> Any:
    """The service without Kafka."""
    settings = Settings(kafka_bootstrap_servers="127.0.0.1:1", query_topic="queries", result_topic="query_results")
    with TestClient(build(settings)) as test_client:
        yield test_client


def ask(question: str, schema: dict[str, Any] | None = None) -> QueryResult:
    """What is published for a message."""
    results: list[QueryResult] = []
    handle(Query(query_id=new_id(), query=question, schema=schema), results.append)
    return results[0]


def test_parse_answers_with_sql_and_parameters(client: Any) -> None:
    """Values are never in the SQL's text."""
    answer = client.post("/parse", json={"query": FAILED_LAST_WEEK})
    assert answer.status_code == 200
    body = answer.json()
    assert body["sql"].startswith('SELECT COUNT(*) FROM "orchestrator"."jobs"')
    assert (body["parameters"], body["intent"], body["tables"]) == (["FAILED"], "aggregate", ["jobs"])
    assert (body["confidence"], body["unresolved"], body["error"]) == (1.0, [], None)


def test_value_in_quotes_stays_a_parameter(client: Any) -> None:
    """Whatever it holds, it is compared and not run."""
    evil = "x'; DROP TABLE jobs; --"
    body = client.post("/parse", json={"query": f'jobs of model "{evil}"'}).json()
    assert body["parameters"] == [evil]
    assert "DROP" not in body["sql"]


EVIL = 'x"; DROP TABLE jobs; --'


def test_value_of_a_schema_stays_a_parameter(client: Any) -> None:
    """Also where the schema gives it another name."""
    column = {"name": "colour", "type": "text", "values": [EVIL], "value_synonyms": {"bad": EVIL}}
    schema = {"tables": [{"name": "things", "columns": [column]}]}
    body = client.post("/parse", json={"query": "bad things", "schema": schema}).json()
    assert body["parameters"] == [EVIL]
    assert "DROP" not in body["sql"]


@pytest.mark.parametrize("place", ["name", "namespace", "column", "synonym", "key"])
def test_sql_in_names_of_a_schema_is_refused(client: Any, place: str) -> None:
    """A name has letters, digits and underscores."""
    given = {place: EVIL}
    column = {"name": given.get("column", "colour"), "type": "text", "synonyms": [given.get("synonym", "hue")]}
    table = {"name": given.get("name", "things"), "namespace": given.get("namespace"), "columns": [column]}
    key = {"table": "things", "column": "colour", "references": "things", "key": given.get("key", "colour")}
    answer = client.post("/parse", json={"query": "things", "schema": {"tables": [table], "foreign_keys": [key]}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"].startswith("String should match pattern")


def test_typo_is_told(client: Any) -> None:
    """What was read for what, and less confidence."""
    body = client.post("/parse", json={"query": "faild jobs"}).json()
    assert body["sql"] is not None
    assert body["parameters"] == ["FAILED"]
    assert body["suggestions"] == ["read 'faild' as 'fail'"]
    assert body["confidence"] == 0.9


def test_what_is_not_understood_is_told(client: Any) -> None:
    """No SQL, no HTTP error; the word, and a reason."""
    answer = client.post("/parse", json={"query": "delete all jobs"})
    assert answer.status_code == 200
    body = answer.json()
    assert body["sql"] is None
    assert body["unresolved"] == ["delete"]
    assert "delete" in body["error"]


def test_schema_of_the_caller_is_used(client: Any) -> None:
    """Over both doors; and of ChatDB's tables nothing is known then."""
    body = client.post("/parse", json={"query": "discontinued products", "schema": SHOP}).json()
    assert body["tables"] == ["products"]
    assert client.post("/parse", json={"query": FAILED_LAST_WEEK, "schema": SHOP}).json()["sql"] is None
    assert ask("discontinued products", SHOP).sql == body["sql"]


@pytest.mark.parametrize(
    "request_body",
    [
        {},
        {"query": "x" * 1001},
        {"query": "jobs", "unknown": 1},
        {"query": "jobs", "schema": {"tables": []}},
        {"query": "jobs", "schema": {"tables": [{"name": "a b", "columns": [{"name": "c", "type": "text"}]}]}},
        {
            "query": "jobs",
            "schema": {**SHOP, "foreign_keys": [{"table": "x", "column": "y", "references": "z", "key": "k"}]},
        },
    ],
)
def test_bad_requests_are_refused(client: Any, request_body: dict[str, Any]) -> None:
    """422 as a problem, with the field."""
    answer = client.post("/parse", json=request_body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"]


@pytest.mark.parametrize("question", [FAILED_LAST_WEEK, "delete all jobs", "faild jobs", ""])
def test_both_doors_say_the_same(client: Any, question: str) -> None:
    """The message's result is the response's body."""
    body = client.post("/parse", json={"query": question}).json()
    result = ask(question).model_dump(mode="json", exclude={"message_id", "query_id"})
    assert result == body


def test_message_with_a_bad_schema_is_answered(client: Any) -> None:
    """With what is wrong with it: whoever asked must not wait."""
    result = ask("jobs", {"tables": []})
    assert result.sql is None
    assert "schema.tables" in (result.error or "")
