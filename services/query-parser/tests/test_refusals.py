"""What is refused is refused with something that can be asked, and never with the word that could not be read."""

import re
from collections.abc import Iterator
from random import Random

import pytest
from corpus_cases import SCHEMAS, Case, cases, schema_of
from hypothesis import given
from test_properties import MANY, QUESTIONS

from query_parser.domain.schema import Schema
from query_parser.service_layer import Answer, answer, default_schema

REFUSED = [*cases("tuned", "refused"), *cases("held-out", "refused")]
ASKED = [*REFUSED, *cases("tuned", "answered"), *cases("held-out", "answered")]
# What people write by mistake, or because they think that it is known.
STRAY = ["very", "artefact", "banana", "which", "and", "of", "not", "price", "jobs", "'", ";", "7", "2026-02-31"]
OFFER = "you can ask: "


def offers(result: Answer) -> list[str]:
    """The questions that are offered."""
    return [one.removeprefix(OFFER) for one in result.suggestions if one.startswith(OFFER)]


def meant(result: Answer) -> set[str]:
    """The words that may have been meant, in small letters."""
    found = (re.fullmatch(r"did you mean '(.*)'\?", one) for one in result.suggestions)
    return {match[1].lower() for match in found if match}


def check(result: Answer, schema: Schema) -> None:
    """One offer, which is answered; no word is offered for itself."""
    (offer,) = offers(result)
    assert answer(offer, schema).sql, offer
    assert not {letters(word) for word in result.unresolved} & set(map(letters, meant(result)))


def letters(text: str) -> str:
    """A word however it is joined and written."""
    return re.sub(r"[\W_]", "", text.lower())


def slips(question: str, random: Random) -> Iterator[str]:
    """A word left out, said twice, put elsewhere, exchanged, cut short, or one more."""
    words = question.split()
    place = random.randrange(len(words))
    before, word, after = words[:place], words[place], words[place + 1 :]
    elsewhere = [*before, *after]
    elsewhere.insert(random.randrange(len(words)), word)
    stray = random.choice(STRAY)
    for said in (
        [*before, *after],
        [*before, word, *words[place:]],
        elsewhere,
        [*before, stray, *after],
        [*before, stray, *words[place:]],
        [*before, word[:-1], *after],
        [*before, word[::-1], *after],
        before,
    ):
        yield " ".join(said)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.ask or "nothing")
def test_refusal_offers_what_is_answered(case: Case) -> None:
    """Each question of the corpus that must be refused."""
    check(answer(case.ask, schema_of(case.schema)), schema_of(case.schema))


@pytest.mark.parametrize("name", SCHEMAS)
def test_refusals_of_slips_offer_what_is_answered(name: str) -> None:
    """Questions of the corpus in which something went wrong."""
    schema, random, refused = schema_of(name), Random(name), 0  # noqa: S311 - the same ones each time
    for case in ASKED:
        for asked in random.sample([*slips(case.ask, random)], 3) if case.schema == name and case.ask.split() else ():
            result = answer(asked, schema)
            if result.sql is None:
                check(result, schema)
                refused += 1
    assert refused > 300


@MANY
@given(question=QUESTIONS)
def test_refusals_of_words_at_random_offer_what_is_answered(question: str) -> None:
    """Whatever is asked."""
    result = answer(question, default_schema())
    if result.sql is None:
        check(result, default_schema())


@pytest.mark.parametrize(
    ("question", "offer"),
    [
        ("delete all failed jobs", "failed jobs"),
        ("jobs creatd yesterday", "jobs created yesterday"),
        ("jobs that are very slow", "jobs"),
        ("jobs with status failed sorted by", "jobs with status failed"),
        ("number of jobs per colour", "number of jobs"),
        ('jobs of model "a b" that exploded', 'jobs of model "a b"'),
        ("hello", "how many jobs are there"),
        ("jobs $1", "how many jobs are there"),
    ],
)
def test_nearest_question(question: str, offer: str) -> None:
    """Another word, the question without the word that cannot be read, its beginning, or how many there are."""
    assert offers(answer(question, default_schema())) == [offer]


@pytest.mark.parametrize("name", SCHEMAS)
def test_table_word_is_not_offered_for_itself(name: str) -> None:
    """It was, for "artifact"; here each stands where no table can."""
    schema = schema_of(name)
    for table in schema.tables:
        for word in (table.name, *table.synonyms):
            assert word not in meant(answer(f"average {word} banana", schema))


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("jobs with attempts > nan", "'nan' is no number that can be compared with"),
        ("jobs with attempts > infinity", "'infinity' is no number that can be compared with"),
        ("jobs with more than 1e999 attempts", "'1e999' is no number that can be compared with"),
        ("jobs created on 9999-12-31", "9999-12-31 is the last day of the calendar: it has no end"),
        ("jobs created after 9999-12-31", "9999-12-31 is the last day of the calendar: it has no end"),
        ("jobs that took more than 99999999999 hours", "99999999999 hours cannot be compared with"),
        ("jobs queued for more than 99999999999 days", "PostgreSQL's calendar does not go back so far"),
        ("jobs in the last 5 megabytes", "megabytes is no unit of time"),
        ("jobs older than 5 kilograms", "kilograms is no unit of time"),
        ("jobs queued for more than 5 euros", "euros is no unit of time"),
    ],
)
def test_what_postgresql_has_no_value_for(question: str, reason: str) -> None:
    """It would be an error there, or null."""
    result = answer(question, default_schema())
    assert (result.sql, result.error) == (None, reason)


def test_short_time_has_no_exponent() -> None:
    """As PostgreSQL reads it."""
    sql = answer("jobs that took less than 0.0000001 hours", default_schema()).sql or ""
    assert "CAST('0.0000001 hour' AS INTERVAL)" in sql
