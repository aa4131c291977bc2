"""A small request takes little time, whatever it asks for and whatever schema it brings."""

import time

import pytest

from query_parser.domain.schema import Schema
from query_parser.service_layer import answer, default_schema

# Seconds of the processor; what is bounded stays far below, and what is not takes minutes.
MUCH = 5


def all_connected(count: int) -> Schema:
    """Tables that each belong to every other one, and one that nothing belongs to."""
    names = [f"t{chr(ord('a') + n)}" for n in range(count)]
    columns = [{"name": "id", "type": "integer"}]
    tables = [{"name": name, "columns": columns} for name in names]
    alone = {"name": "alone", "columns": [{"name": "colour", "type": "text"}]}
    keys = [
        {"table": one, "column": "id", "references": other, "key": "id"}
        for one in names
        for other in names
        if one != other
    ]
    return Schema.model_validate({"tables": [*tables, alone], "foreign_keys": keys})


def seconds(question: str, schema: Schema) -> float:
    """Of the processor, so that others' load does not count."""
    started = time.process_time()
    answer(question, schema)
    return time.process_time() - started


def test_table_that_cannot_be_reached_is_soon_known() -> None:
    """Each table is visited once, and not once for each way to it."""
    schema = all_connected(14)
    assert seconds("ta with colour red", schema) < MUCH
    assert answer("ta with colour red", schema).sql is None


def test_way_is_known_when_there_are_many() -> None:
    """The shortest one is a single key, however many longer ones there are."""
    found = answer("ta of tb 3", all_connected(14))
    assert found.sql is None  # no column names a row
    assert found.error == "the schema does not say what names one of the tb"


@pytest.mark.parametrize(
    "question",
    [
        f"jobs with attempts {', '.join(['2024'] * 60)}",
        f"jobs with attempts {', '.join(['7'] * 240)}",
        f"jobs {' '.join(['of models'] * 90)}",
        f"jobs {' '.join(['of models created last week'] * 30)}",
        f"jobs {' '.join(['created last week'] * 50)}",
        f"jobs {' and '.join(['not failed or cancelled'] * 30)}",
        " ".join(["jobs"] * 200),
        " ".join(["wrongg"] * 140),
    ],
    ids=lambda question: question[:30],
)
def test_long_questions_take_little_time(question: str) -> None:
    """Answered, or refused with a sentence."""
    assert seconds(question, default_schema()) < MUCH


def test_words_that_nobody_knows_are_looked_up_once() -> None:
    """Also among many words, and where the longest phrase is long."""
    names = [f"{a}{b}{c}word{n}" for n in range(5) for a in "abcde" for b in "fghij" for c in "klmno"]
    columns = [{"name": f"c{n}", "type": "text", "values": names[n : n + 100]} for n in range(0, len(names), 20)]
    tables = [{"name": f"t{chr(ord('a') + n)}", "columns": columns, "synonyms": ["a " * 25 + "b"]} for n in range(20)]
    question = " ".join(f"{a}{b}xwxrx" for a in "qrstuvwxyz" for b in "abcdefghijk")
    assert seconds(question, Schema.model_validate({"tables": tables})) < MUCH


def test_numbers_that_look_like_years_are_numbers_in_a_list() -> None:
    """They have one reading where no year can stand."""
    found = answer(f"jobs with attempts {', '.join(['2024'] * 8)}", default_schema())
    assert found.parameters == (2024,) * 8


def test_question_with_too_many_readings_is_refused() -> None:
    """And not answered by those that were looked at."""
    found = answer(f"jobs {' '.join(['of models'] * 20)}", default_schema())
    assert found.sql is None
    assert found.error == "this is too long, or too many of its words mean several things: ask for less at once"
