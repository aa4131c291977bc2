"""Questions on the topic that nobody can work with, before one that can be answered."""

import json
from collections.abc import Iterator
from typing import Any

import poison
import pytest
from fastapi.testclient import TestClient
from kafka_broker import serve_kafka

from chatdb.local.processes import wait_for
from chatdb_common.ids import new_id
from query_parser.entrypoints import build
from query_parser.settings import Settings

SQL = 'x"; DROP TABLE jobs; --'
DEEP: Any = json.loads("[" * 150 + "]" * 150)


@pytest.fixture
def kafka() -> Iterator[str]:
    """A broker for this test, and the whole service on it."""
    with serve_kafka() as address:
        settings = Settings(kafka_bootstrap_servers=address, query_topic="queries", result_topic="query_results")
        with TestClient(build(settings)):
            yield address


def query(**changes: Any) -> bytes:
    """A question, but for the changes."""
    return json.dumps({"query_id": str(new_id()), "query": "how many jobs failed last week"} | changes).encode()


def schema(name: str, **column: Any) -> dict[str, Any]:
    """One table with one column."""
    return {"tables": [{"name": name, "columns": [{"name": "colour", "type": "text", **column}]}]}


def test_poison_is_put_aside_and_the_rest_is_answered(kafka: str) -> None:
    """What is no question is put aside once; whoever asked something impossible is told why."""
    bad = [query(query_id="x"), query(query=7), query(schema=[1])]
    told = {
        query(query="x" * 900_000): "at most 1000 characters",
        query(schema={"tables": DEEP}): "schema.tables",
        query(schema=schema(SQL)): "schema.tables.0.name",
        query(schema=schema("things", synonyms=[SQL])): "schema.tables.0.columns.0.synonyms",
        query(query="\0"): "",
    }
    good = query()
    poison.send(kafka, "queries", [*poison.UNREADABLE, *bad, *told, good])
    wait_for(
        "the last question is answered", poison.SECONDS, lambda: len(poison.values(kafka, "query_results")) > len(told)
    )
    letters = poison.letters(kafka, "queries")
    assert [letter.value for letter in letters] == [*(value or b"" for value in poison.UNREADABLE), *bad]
    assert {letter.reason.partition(":")[0] for letter in letters} == {"ValidationError"}
    answers = {one["query_id"]: one for one in map(json.loads, poison.values(kafka, "query_results"))}
    for sent, reason in told.items():
        answer = answers[json.loads(sent)["query_id"]]
        assert answer["sql"] is None
        assert reason in answer["error"]
    assert answers[json.loads(good)["query_id"]]["sql"].startswith("SELECT COUNT(*)")
    assert len(answers) == len(told) + 1
