"""Phrases, and what each may stand for."""

from dataclasses import dataclass, field
from functools import cached_property

from query_parser.domain.tree import ColumnRef, Condition

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
    # What a word says besides; of each column one.
    conditions: tuple[Condition, ...] = ()


@dataclass
class Lexicon:
    """Phrases and their readings."""

    phrases: dict[Words, tuple[Entry, ...]] = field(default_factory=dict)

    def add(self, phrase: str, entry: Entry) -> None:
        """One more reading of a phrase; columns and values that are called alike become one reading."""
        key = tuple(phrase.split())
        entries = self.phrases.get(key, ())
        for place, other in enumerate(entries):
            if (other.terminal, other.table) == (entry.terminal, entry.table) and entry.value in {other.value, None}:
                columns = tuple(dict.fromkeys((*other.columns, *entry.columns)))
                conditions = tuple(dict.fromkeys((*other.conditions, *entry.conditions)))
                if len(conditions) in {0, len(columns)}:
                    both = Entry(entry.terminal, entry.table, columns, entry.value, conditions)
                    self.phrases[key] = (*entries[:place], both, *entries[place + 1 :])
                    return
        self.phrases[key] = (*entries, entry)

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
