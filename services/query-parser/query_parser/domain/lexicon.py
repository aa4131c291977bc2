"""The words that a question may be made of: the closed vocabulary, and the names and values of a schema."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files

import yaml

from query_parser.domain.schema import Column, ColumnType, Schema, Table
from query_parser.domain.tree import ColumnRef

Words = tuple[str, ...]
# A shorter word is not taken for a typo.
SHORTEST_TYPO = 4


@dataclass(frozen=True)
class Entry:
    """What a phrase may stand for, as a terminal of the grammar; several columns may share a name."""

    terminal: str
    table: str | None = None
    columns: tuple[ColumnRef, ...] = ()
    value: str | None = None


@dataclass
class Lexicon:
    """Phrases and their readings."""

    phrases: dict[Words, list[Entry]] = field(default_factory=dict)

    def add(self, phrase: str, entry: Entry) -> None:
        """One more reading of a phrase; columns and values that are called alike become one reading."""
        entries = self.phrases.setdefault(tuple(phrase.split()), [])
        for place, other in enumerate(entries):
            if other.terminal == entry.terminal and other.table == entry.table:
                same_value = other.value == entry.value or entry.value is None
                columns = tuple(dict.fromkeys((*other.columns, *entry.columns)))
                if same_value:
                    entries[place] = Entry(entry.terminal, entry.table, columns, entry.value)
                    return
        entries.append(entry)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every single word that is known."""
        return frozenset(word for phrase in self.phrases for word in phrase)

    @cached_property
    def long_words(self) -> list[str]:
        """Those that a typo may have been meant for, in order."""
        return sorted(word for word in self.words if len(word) >= SHORTEST_TYPO - 1)

    @cached_property
    def longest(self) -> int:
        """How many words the longest phrase has."""
        return max(map(len, self.phrases))


@lru_cache(maxsize=32)
def _vocabulary() -> dict[str, list[str]]:
    text = (files("query_parser.domain") / "words.yaml").read_text(encoding="utf-8")
    words: dict[str, list[str]] = yaml.safe_load(text)
    return words


def terminals() -> list[str]:
    """The terminals whose words do not depend on a schema."""
    return [terminal for terminal in _vocabulary() if terminal != "NOISE"]


def build(schema: Schema) -> Lexicon:
    """The lexicon of a schema."""
    lexicon = Lexicon()
    for terminal, phrases in _vocabulary().items():
        for phrase in phrases:
            lexicon.add(phrase, Entry(terminal))
    for table in schema.tables:
        for phrase in _names(table.name, table.synonyms):
            lexicon.add(phrase, Entry("TABLE", table=table.name))
        for column in table.columns:
            _add_column(lexicon, table, column)
    return lexicon


def _add_column(lexicon: Lexicon, table: Table, column: Column) -> None:
    ref = (ColumnRef(table.name, column.name),)
    for phrase in _names(column.name, column.synonyms):
        lexicon.add(phrase, Entry("FLAG" if column.type is ColumnType.BOOLEAN else "COLUMN", columns=ref))
    for value in column.values:
        lexicon.add(value.lower(), Entry("VALUE", columns=ref, value=value))
    for phrase, value in column.value_synonyms.items():
        lexicon.add(phrase, Entry("VALUE", columns=ref, value=value))
    for phrase in column.absent:
        lexicon.add(phrase, Entry("ABSENT", columns=ref))


def _names(name: str, synonyms: Iterable[str]) -> set[str]:
    plain = {name.lower(), name.lower().replace("_", " "), *synonyms}
    return plain | {_with_last(phrase, plural) for phrase in plain for plural in _plurals(phrase.split()[-1])}


def _with_last(phrase: str, word: str) -> str:
    return " ".join([*phrase.split()[:-1], word])


def _plurals(word: str) -> list[str]:
    """A word's other number, by the rules of spelling."""
    if word.endswith("ies"):
        return [word[:-3] + "y"]
    if word.endswith(("ches", "shes", "xes", "sses", "uses")):
        return [word[:-2]]
    if word.endswith("s") and not word.endswith(("ss", "us")):
        return [word[:-1]]
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return [word[:-1] + "ies"]
    return [word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")]
