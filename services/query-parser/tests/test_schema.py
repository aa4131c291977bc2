"""A schema says what it means, or is refused with a sentence; and each of its facts makes a difference."""

from typing import Any

import pytest
from pydantic import ValidationError

from query_parser.domain.schema import Schema
from query_parser.service_layer import answer


def schema(*columns: dict[str, Any], **table: Any) -> dict[str, Any]:
    """One table with these columns, and an id."""
    return {"tables": [{"name": "things", "columns": [{"name": "id", "type": "integer"}, *columns], **table}]}


SIZE = {"name": "size", "type": "integer"}
STATE = {"name": "state", "type": "text", "values": ["new", "old"]}
MADE = {"name": "made_at", "type": "timestamp", "default_time": True}
GONE = {"name": "gone_at", "type": "timestamp"}
AGE = {"name": "age", "start": "made_at", "end": "gone_at"}


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (schema(SIZE | {"measure": True}, {"name": "price", "type": "number", "measure": True}), "two columns"),
        (schema(STATE | {"measure": True}), "measure or a unit, and is no number"),
        (schema(STATE | {"unit": "byte"}), "measure or a unit, and is no number"),
        (schema(SIZE | {"unit": "parsec"}), "unknown unit 'parsec'"),
        (schema(STATE | {"times": {"lost": "made_at"}}, MADE), "a time for lost"),
        (schema(STATE | {"times": {"new": "size"}}, SIZE), "needs the time things.size"),
        (schema(STATE | {"rates": {"loss rate": "lost"}}), "a rate for lost"),
        (schema(STATE | {"traits": [{"words": ["lost"], "value": "lost"}]}), "none of its values"),
        (schema(STATE | {"traits": [{"words": ["newer"], "operator": ">", "value": "new"}]}), "no order"),
        (schema(SIZE | {"traits": [{"words": ["big"], "value": "big"}]}), "no value of it"),
        (schema(SIZE | {"traits": [{"words": ["big"], "value": True}]}), "no value of it"),
        (schema(MADE | {"traits": [{"words": ["big"], "value": 3}]}), "no value of it"),
        (schema(SIZE | {"adjectives": {"high": ["Big; DROP"]}}), "String should match pattern"),
        (schema(SIZE, MADE, durations=[AGE]), "needs the time things.gone_at"),
        (schema(SIZE, MADE, durations=[AGE | {"end": "size"}]), "needs the time things.size"),
        (schema(MADE, GONE, durations=[AGE | {"name": "made_at"}]), "have the same name"),
    ],
)
def test_what_cannot_be_is_refused(made: dict[str, Any], reason: str) -> None:
    """With the column, and what is wrong with it."""
    with pytest.raises(ValidationError, match=reason):
        Schema.model_validate(made)


@pytest.mark.parametrize(
    ("question", "column", "fact"),
    [
        ("largest thing", SIZE, {"measure": True}),
        ("things over 5", SIZE, {"measure": True}),
        ("things with a size over 2 kB", SIZE, {"unit": "byte"}),
        ("things over 2 kB", SIZE, {"unit": "byte"}),
        ("heaviest thing", SIZE, {"adjectives": {"high": ["heavy"]}}),
        ("things lighter than 5", SIZE, {"adjectives": {"low": ["light"]}}),
        ("most expensive thing", SIZE, {"adjectives": {"high": ["expensive"]}}),
        ("things less costly than 5", SIZE, {"adjectives": {"high": ["costly"]}}),
        ("huge things", SIZE, {"traits": [{"words": ["huge"], "operator": ">", "value": 9}]}),
        ("giants", SIZE, {"traits": [{"nouns": ["giant"], "operator": ">", "value": 9}]}),
        ("things that got old this week", STATE, {"times": {"old": "made_at"}}),
        ("loss rate", STATE, {"rates": {"loss rate": "old"}}),
        ("things in Rome", {"name": "place", "type": "text"}, {"prepositions": ["in"]}),
    ],
)
def test_fact_makes_a_question_answerable(question: str, column: dict[str, Any], fact: dict[str, Any]) -> None:
    """Without it the words mean nothing, and are refused."""
    assert answer(question, Schema.model_validate(schema(column, MADE))).sql is None
    assert answer(question, Schema.model_validate(schema(column | fact, MADE))).sql


def test_people_are_asked_for_by_who() -> None:
    """Of things nobody asks so."""
    assert answer("who has a size over 5", Schema.model_validate(schema(SIZE))).sql is None
    assert answer("who has a size over 5", Schema.model_validate(schema(SIZE, people=True))).sql


def test_durations_are_columns_that_are_computed() -> None:
    """They can be asked for and compared, and are not among what a row has."""
    made = Schema.model_validate(schema(MADE, GONE, durations=[AGE]))
    assert "INTERVAL" in (answer("things with an age over 2 days", made).sql or "")
    assert "AVG" in (answer("how long do things take", made).sql or "")
    assert " - " not in (answer("things", made).sql or "")


def test_verbs_say_what_rows_of_one_table_do_with_another() -> None:
    """Of people who eat cakes, not of cakes that eat."""
    people = {"name": "people", "columns": [{"name": "name", "type": "text", "label": True}]}
    cakes = {"name": "cakes", "columns": [{"name": "eater", "type": "text"}]}
    key = {"table": "cakes", "column": "eater", "references": "people", "key": "name"}
    plain = Schema.model_validate({"tables": [people, cakes], "foreign_keys": [key]})
    verbal = Schema.model_validate({"tables": [people, cakes], "foreign_keys": [key | {"verbs": ["eat", "eaten"]}]})
    for question in ("people who have never eaten cakes", "how many cakes did Ada eat", "people that eat cakes"):
        assert answer(question, plain).sql is None
        assert answer(question, verbal).sql
    assert answer("cakes that eat people", verbal).sql is None
