"""A small request takes little time, whatever it asks for and whatever schema it brings."""

import gc
import time
from collections import Counter
from itertools import product

import pytest

from query_parser.domain import lexer
from query_parser.domain.lexicon import Lexicon
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
    """Of the processor, so that others' load does not count; nor does collecting what other tests have left."""
    gc.disable()
    try:
        started = time.process_time()
        answer(question, schema)
        return time.process_time() - started
    finally:
        gc.enable()


def test_table_that_cannot_be_reached_is_soon_known() -> None:
    """Each table is visited once, and not once for each way to it."""
    schema = all_connected(14)
    assert seconds("ta with colour red", schema) < MUCH
    assert answer("ta with colour red", schema).sql is None


def test_way_is_known_when_there_are_many() -> None:
    """The shortest one is a single key, however many longer ones there are."""
    result = answer("ta of tb red", all_connected(14))
    assert result.sql is None  # no column names a row
    assert result.error == "the schema does not say what names one of the tb"


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
        f"jobs {' '.join(['with versions'] * 90)}",
        " ".join(["wrongg"] * 140),
    ],
    ids=lambda question: question[:30],
)
def test_long_questions_take_little_time(question: str) -> None:
    """Answered, or refused with a sentence."""
    assert seconds(question, default_schema()) < MUCH


def alike() -> Schema:
    """As many names as a request can bring, all alike; and one of many words, so that far is looked ahead."""
    names = ["".join(letters) + "mark" for letters in product("abcdefghijkl", repeat=4)]
    chunks = iter(names[start : start + 20] for start in range(0, 50 * 20 * 20, 20))
    columns = [{"name": f"c{n}", "type": "text"} for n in range(20)]
    tables = [
        {"name": f"t{n}", "columns": [{**column, "synonyms": next(chunks)} for column in columns]} for n in range(50)
    ]
    return Schema.model_validate({"tables": [{**tables[0], "synonyms": ["a " * 25 + "b"]}, *tables[1:]]})


def test_words_that_nobody_knows_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is near a hundred names of 20,000; to look for them in each phrase would be ten times the work."""
    words = [f"{a}{b}{c}dmark" for a in "mnopqrstuv" for b in "wxyz" for c in "ef"]
    looked_up = Counter[str]()

    meant = lexer._meant

    def count(word: str, words: Lexicon) -> str | None:
        looked_up[word] += 1
        return meant(word, words)

    monkeypatch.setattr(lexer, "_meant", count)
    assert seconds(" ".join(words), alike()) < MUCH
    assert looked_up == Counter(words)


def test_numbers_that_look_like_years_are_numbers_in_a_list() -> None:
    """They have one reading where no year can stand."""
    result = answer(f"jobs with attempts {', '.join(['2024'] * 8)}", default_schema())
    assert result.parameters == (2024,) * 8


def test_question_with_too_many_readings_is_refused() -> None:
    """And not answered by those that were looked at."""
    result = answer(f"jobs {' '.join(['of models'] * 20)}", default_schema())
    assert result.sql is None
    assert result.error == "this is too long, or too many of its words mean several things: ask for less at once"
