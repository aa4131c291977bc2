"""The words that a question may be made of: the closed vocabulary, and the names and values of a schema."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import yaml

from query_parser.domain import units
from query_parser.domain.inflection import degrees, other_number
from query_parser.domain.lexicon import Entry, Lexicon
from query_parser.domain.schema import TIMES, Column, ColumnType, Schema, Table
from query_parser.domain.tree import Absent, ColumnRef, Compare


@cache
def _vocabulary() -> dict[str, list[str]]:
    text = (files("query_parser.domain") / "words.yaml").read_text(encoding="utf-8")
    words: dict[str, list[str]] = yaml.safe_load(text)
    return words


def terminals() -> list[str]:
    """The terminals whose words do not depend on a schema."""
    return [terminal for terminal in _vocabulary() if terminal != "NOISE"]


@cache
def _closed() -> Lexicon:
    """What does not depend on a schema; it is made once, and copied for each."""
    lexicon = Lexicon()
    for terminal, phrases in _vocabulary().items():
        for phrase in phrases:
            lexicon.add(phrase, Entry(terminal))
    for word in units.SHORT.keys() | {word for word in units.WORDS if units.kind_of(word) != "time"}:
        lexicon.add(word, Entry("MEASURE"))
    return lexicon


def build(schema: Schema) -> Lexicon:
    """The lexicon of a schema."""
    lexicon = Lexicon(dict(_closed().phrases))
    for table in schema.tables:
        _add_table(lexicon, table)
    for key in schema.foreign_keys:
        for verb in key.verbs:
            lexicon.add(verb, Entry("VERB", table=key.table, value=key.references))
    return lexicon


def _add_table(lexicon: Lexicon, table: Table) -> None:
    for phrase in _names(table.name, table.synonyms):
        lexicon.add(phrase, Entry("TABLE", table=table.name))
    if table.people:
        lexicon.add("who", Entry("WHO", table=table.name))
    for column in table.named.values():
        _add_column(lexicon, table, column)
    for duration in table.durations:
        for verb in duration.verbs:
            lexicon.add(f"to {verb}", Entry("TOEND", columns=(ColumnRef(table.name, duration.name),)))


def _add_column(lexicon: Lexicon, table: Table, column: Column) -> None:
    ref = (ColumnRef(table.name, column.name),)
    for phrase in _names(column.name, column.synonyms):
        lexicon.add(phrase, Entry(_terminal(column), columns=ref))
    for value in column.values:
        for phrase in {value.lower(), value.lower().replace("_", " ")}:
            lexicon.add(phrase, Entry("VALUE", columns=ref, value=value))
    for phrase, value in column.value_synonyms.items():
        lexicon.add(phrase, Entry("VALUE", columns=ref, value=value))
    for phrase, value in column.rates.items():
        lexicon.add(phrase, Entry("RATE", columns=ref, value=value))
    _add_traits(lexicon, table, column)
    for value in ("high", "low"):
        for adjective in getattr(column.adjectives, value):
            _add_adjective(lexicon, adjective, ref, value)


def _add_traits(lexicon: Lexicon, table: Table, column: Column) -> None:
    ref = (ColumnRef(table.name, column.name),)
    for phrase in column.absent:
        _add_spelled(lexicon, phrase, Entry("TRAIT", columns=ref, conditions=(Absent(ref[0]),)))
    for trait in column.traits:
        conditions = (Compare(ref[0], trait.operator, trait.value),)
        for phrase in trait.words:
            _add_spelled(lexicon, phrase, Entry("TRAIT", columns=ref, conditions=conditions))
        for phrase in _names("", trait.nouns):
            lexicon.add(phrase, Entry("TABLE", table=table.name, conditions=conditions))


def _terminal(column: Column) -> str:
    """Times are a word class of their own: "created last week" is said of no other property."""
    if column.type is ColumnType.BOOLEAN:
        return "FLAG"
    return "TIMECOLUMN" if column.type in TIMES else "COLUMN"


def _add_adjective(lexicon: Lexicon, adjective: str, ref: tuple[ColumnRef, ...], value: str) -> None:
    more, most = degrees(adjective)
    opposite = "low" if value == "high" else "high"
    lexicon.add(f"how {adjective}", Entry("HOWMUCH", columns=ref))
    forms = [(more, most, value), (f"less {adjective}", f"least {adjective}", opposite)]
    for comparative, superlative, end in forms:
        lexicon.add(f"{comparative} than", Entry("COMPARATIVE", columns=ref, value=end))
        lexicon.add(superlative, Entry("SUPERLATIVE", columns=ref, value=end))


def _add_spelled(lexicon: Lexicon, phrase: str, entry: Entry) -> None:
    for spelled in {phrase, phrase.replace(" ", "-")}:
        lexicon.add(spelled, entry)


def _names(name: str, synonyms: Iterable[str]) -> set[str]:
    plain = {name.lower(), name.lower().replace("_", " "), name.lower().replace("_", "-"), *synonyms} - {""}
    return plain | {_with_last(phrase, plural) for phrase in plain for plural in other_number(phrase.split()[-1])}


def _with_last(phrase: str, word: str) -> str:
    return " ".join([*phrase.split()[:-1], word])
