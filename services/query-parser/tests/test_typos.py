"""A wrong letter is fixed where one word can have been meant: all typos of names that are alike."""

from collections.abc import Iterator
from string import ascii_lowercase

import pytest

from query_parser.domain import lexicon, vocabulary
from query_parser.domain.lexer import near_words
from query_parser.domain.schema import Schema
from query_parser.service_layer import answer, default_schema

COLUMNS = ("price", "prize", "prime", "rate", "crate", "grade", "trade", "quantity", "quality")
TABLES = {"orders": ["purchase"], "borders": [], "folders": ["purchaser"], "holders": [], "older": []}
ALIKE = Schema.model_validate(
    {
        "tables": [
            {"name": name, "synonyms": synonyms, "columns": [{"name": one, "type": "integer"} for one in COLUMNS]}
            for name, synonyms in TABLES.items()
        ]
    }
)
WORDS = vocabulary.build(ALIKE)


def typos(word: str) -> Iterator[str]:
    """All that one wrong letter makes of a word: one left out, two swapped, one other, one more."""
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in ascii_lowercase)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        yield from (before + letter + after for letter in ascii_lowercase)


# Looked up from the words, as the parser looks from the typo: neither knows of the other.
MEANT: dict[str, set[str]] = {}
for known in WORDS.words:
    if len(known) > 2:
        for wrong in typos(known):
            MEANT.setdefault(wrong, set()).add(known)


def only_meaning(typo: str) -> lexicon.Entry | None:
    """What all words have in common that can have been meant; None where they differ."""
    meanings = [WORDS.phrases.get((word,), ()) for word in MEANT[typo]]
    return meanings[0][0] if len(meanings[0]) == 1 and all(one == meanings[0] for one in meanings) else None


def misread(question: str, words: list[str], kind: str) -> list[str]:
    """Of all typos of these words, those that are read as what they need not mean, or not although they do."""
    complaints = []
    for typo in sorted({wrong for word in words for wrong in typos(word)} - WORDS.words):
        seen = answer(question.format(typo), ALIKE)
        meant = only_meaning(typo) if len(typo) >= lexicon.SHORTEST_TYPO else None
        is_sure = meant is not None and meant.terminal == kind
        told = tuple(f"read {typo!r} as {word!r}" for word in MEANT[typo])
        right = (
            seen.sql is not None and seen.suggestions[0] in told and seen.confidence < 1 if is_sure else not seen.sql
        )
        if not right:
            complaints.append(f"{typo}: {seen.sql or seen.error} {seen.suggestions}")
    return complaints


@pytest.mark.parametrize("table", TABLES)
def test_typo_in_a_table_is_mended_where_one_is_meant(table: str) -> None:
    """What was "oders" are orders; "rorders" can be borders as well."""
    assert misread("{}", [table, *TABLES[table]], "TABLE") == []


@pytest.mark.parametrize("column", COLUMNS)
def test_typo_in_a_column_is_mended_where_one_is_meant(column: str) -> None:
    """What was "pryce" is the price; "prixe" can be the prime as well as the prize."""
    assert misread("orders sorted by {}", [column], "COLUMN") == []


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("jobs created last mnth", "jobs created last month"),
        ("jobs created in ocotber 2025", "jobs created in october 2025"),
        ("jobs finished on tuseday", "jobs finished on tuesday"),
        ("jobs created in the frist quarter of 2026", "jobs created in the first quarter of 2026"),
        ("number of jobs mothly", "number of jobs monthly"),
        ("faild jobs", "failed jobs"),
    ],
)
def test_typo_means_what_the_word_means(typo: str, meant: str) -> None:
    """Months, units and values are looked up by their words: one was "mnth" for PostgreSQL, too."""
    seen, told = (answer(question, default_schema()) for question in (typo, meant))
    assert (seen.sql, seen.parameters) == (told.sql, told.parameters)
    assert seen.confidence < told.confidence


def test_schema_has_both() -> None:
    """Typos of which one word can be meant, and typos of which several can, are many."""
    of_names = {wrong for name in (*TABLES, *COLUMNS) for wrong in typos(name) if len(wrong) > 3} - WORDS.words
    sure = {wrong for wrong in of_names if only_meaning(wrong)}
    assert len(sure) > 1000
    assert len(of_names - sure) > 200


@pytest.mark.parametrize(
    ("typo", "near"),
    [("quontaty", ["quantity"]), ("qualtity", ["quality", "quantity"]), ("quonty", []), ("pirze", ["prize"])],
)
def test_two_letters_may_be_wrong_in_a_long_word(typo: str, near: list[str]) -> None:
    """In a short one one, and of words at several distances the nearest count."""
    assert sorted(near_words(typo, WORDS)) == near
