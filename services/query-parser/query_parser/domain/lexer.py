"""From text to tokens of the grammar, with every reading of each; typos are fixed where only one word is near."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product, takewhile
from math import prod

from rapidfuzz import process
from rapidfuzz.distance import OSA

from query_parser.domain.inflection import is_plural
from query_parser.domain.lexicon import SHORTEST_TYPO, Entry, Lexicon
from query_parser.domain.pieces import Piece, split
from query_parser.domain.problems import NotUnderstood

# A reading of a question takes time by its words; so many in all readings together.
MOST_WORDS = 200
# Before a year; elsewhere 2024 is a number.
BEFORE_YEARS = {
    "OF",
    "TO",
    "MONTHNAME",
    "QUARTER",
    "UNIT",
    "STARTOF",
    "ON",
    "BEFORE",
    "UNTIL",
    "AFTER",
    "SINCE",
    "BETWEEN",
    "AND",
}
# A word of so many letters may have so many wrong.
LONG_WORD = 8
# Who has what follows: "Ada's orders".
POSSESSIVE = re.compile(r"(.+?)(?:'s|(?<=s)')")
# "A discount" is not the name of what stands before it.
APART = "apart"
# These mean something at the beginning of a question only.
AT_BEGINNING = {"ISTHERE", "WHEN", "WHO"}
# "One" is a number after these, and elsewhere somebody or something: "the failed one".
COUNTED = {"GT", "GE", "LT", "LE", "EQ", "NE", "HAVE", "NEED", "VERB"}
# After these a word that is not known is taken as a value, and not as a typo.
BEFORE_VALUES = {
    "COLUMN",
    "TIMECOLUMN",
    "TABLE",
    "BE",
    "EQ",
    "NE",
    "NAMED",
    "STARTS",
    "ENDS",
    "CONTAINS",
    "OR",
    "COMMA",
}


# Words that are not known, and the one that each is a typo of, if any.
Near = dict[str, str | None]


@dataclass(frozen=True)
class Lexeme:
    """Part of the text with what it may stand for."""

    text: str
    entries: tuple[Entry, ...]


@dataclass
class Lexed:
    """The lexemes in order, and what was fixed on the way."""

    lexemes: list[Lexeme] = field(default_factory=list)
    fixed: list[tuple[str, str]] = field(default_factory=list)
    # Looked up once: the search goes over all that is known.
    near: Near = field(default_factory=dict)
    # Where the last lexeme ends: what carries no meaning can follow.
    end: int = 0

    def add(self, lexeme: Lexeme, end: int) -> None:
        """One more lexeme, up to that piece."""
        self.lexemes.append(lexeme)
        self.end = end

    def readings(self) -> Iterator[tuple[tuple[str, Entry], ...]]:
        """Every way to read the text; NotUnderstood where that is too much."""
        texts = [lexeme.text for lexeme in self.lexemes]
        if len(texts) * prod(len(lexeme.entries) for lexeme in self.lexemes) > MOST_WORDS:
            raise NotUnderstood("this is too long, or too many of its words mean several things: ask for less at once")
        for entries in product(*(lexeme.entries for lexeme in self.lexemes)):
            yield tuple(zip(texts, entries, strict=True))


def lex(text: str, lexicon: Lexicon, near: Near | None = None) -> Lexed:
    """The lexemes of a question; NotUnderstood where there are signs that no question has.

    `near` is what was looked up already, where questions that are alike are read one after the other.
    """
    pieces = split(text)
    lexed = Lexed(near={} if near is None else near)
    place = 0
    while place < len(pieces):
        piece = pieces[place]
        if piece.kind in {"word", "sign"}:
            place += _take_phrase(pieces, place, lexicon, lexed)
        else:
            place += 1
            lexed.add(_value(piece, lexed), place)
    while lexed.lexemes and lexed.lexemes[-1].text == ",":
        lexed.lexemes.pop()
    return lexed


def _value(piece: Piece, lexed: Lexed) -> Lexeme:
    terminals = {"string": "STRING", "date": "DATE", "number": "NUMBER", "name": "WORD"}
    entries = [Entry(terminals[piece.kind])]
    if re.fullmatch(r"(19|20)\d\d", piece.text) and _last_terminals(lexed) & BEFORE_YEARS:
        entries.append(Entry("YEAR"))
    return Lexeme(piece.text, tuple(entries))


def _take_phrase(pieces: list[Piece], place: int, lexicon: Lexicon, lexed: Lexed) -> int:
    """Add the longest phrase that starts here; how many pieces it took."""
    near = pieces[place : place + lexicon.longest]
    words = [piece.text for piece in takewhile(lambda piece: piece.kind in {"word", "sign"}, near)]
    lowered = [word.lower() for word in words]
    before = _last_terminals(lexed)
    length, entries = _longest(lowered, pieces, place, lexicon, before)
    if not length:
        fixed = [word if word in lexicon.words else _mend(word, lexicon, lexed) or word for word in lowered]
        is_name = words[0][0].isupper() and bool(lexed.lexemes)
        if fixed[0] != lowered[0] and not is_name and not _expects_value(lexed):
            length, entries = _longest(fixed, pieces, place, lexicon, before)
            lexed.fixed += [pair for pair in zip(lowered[:length], fixed[:length], strict=True) if pair[0] != pair[1]]
            # What a month or a unit is called is looked up again by its meaning.
            words[:length] = fixed[:length]
    if not length:
        _add_unknown(words[0], lexed, place)
        return 1
    if entries:
        lexed.add(Lexeme(" ".join(words[:length]), tuple(entries)), place + length)
    return length


def _add_unknown(text: str, lexed: Lexed, place: int) -> None:
    """A name, or one more word of it: "Ada Weiss" and "Fig jam" are one name each."""
    last = lexed.lexemes[-1] if lexed.lexemes else None
    owner = POSSESSIVE.fullmatch(text)
    is_next = lexed.end == place
    if last is not None and last.entries[0].terminal == "WORD" and last.text[0].isupper() and is_next and text != ",":
        name = f"{last.text} {owner[1] if owner else text}"
        lexed.lexemes.pop()
        lexed.add(Lexeme(name, (Entry("OWNER"),) if owner else last.entries), place + 1)
    elif owner:
        lexed.add(Lexeme(owner[1], (Entry("OWNER"),)), place + 1)
    else:
        apart = last is not None and not is_next
        entry = Entry("COMMA") if text == "," else Entry("WORD", value=APART if apart else None)
        lexed.add(Lexeme(text, (entry,)), place + 1)


def _longest(
    words: list[str], pieces: list[Piece], place: int, lexicon: Lexicon, before: set[str]
) -> tuple[int, list[Entry]]:
    """How many of the words are the longest phrase that can stand here, and what it stands for."""
    for length in range(len(words), 0, -1):
        entries = [
            entry
            for entry in lexicon.phrases.get(tuple(words[:length]), ())
            if (entry.terminal not in AT_BEGINNING or not place)
            and (entry.terminal != "MEASURE" or before & {"NUMBER", "NUMBERWORD"})
            and (entry.terminal != "EXIST" or (before & {"COLUMN"} and place + length == len(pieces)))
            and (entry.terminal != "ROLLING" or _is_span(pieces[place + length :], lexicon))
        ]
        if entries:
            return length, _carrying(entries, before)
    return 0, []


def _carrying(entries: list[Entry], before: set[str]) -> list[Entry]:
    """Without the meaning that a word does not have here: "one" is a number only where one is compared."""
    others = [entry for entry in entries if entry.terminal != "NOISE"]
    means_something = before & COUNTED or any(entry.terminal in AT_BEGINNING | {"EXIST"} for entry in entries)
    return others if means_something or len(others) == len(entries) else []


def _is_span(pieces: list[Piece], lexicon: Lexicon) -> bool:
    """Whether a unit of time comes next, or a number and a unit."""
    terminals = [_terminals(piece, lexicon) for piece in pieces[:2]]
    if terminals and terminals[0] & {"NUMBER", "NUMBERWORD"}:
        terminals = terminals[1:]
        return bool(terminals) and bool(terminals[0] & {"UNIT", "MEASURE"})
    return bool(terminals) and "UNIT" in terminals[0]


def _terminals(piece: Piece, lexicon: Lexicon) -> set[str]:
    if piece.kind == "number":
        return {"NUMBER"}
    return {entry.terminal for entry in lexicon.phrases.get((piece.text.lower(),), ())}


def _last_terminals(lexed: Lexed) -> set[str]:
    return {entry.terminal for lexeme in lexed.lexemes[-1:] for entry in lexeme.entries}


def _expects_value(lexed: Lexed) -> bool:
    """Whether a name may follow: "model churn" has one, "jobs created" has not."""
    terminals = _last_terminals(lexed) & BEFORE_VALUES
    return bool(terminals - {"TABLE"}) or (bool(terminals) and not is_plural(lexed.lexemes[-1].text))


def _mend(word: str, lexicon: Lexicon, lexed: Lexed) -> str | None:
    if word not in lexed.near:
        lexed.near[word] = _meant(word, lexicon)
    return lexed.near[word]


def _meant(word: str, lexicon: Lexicon) -> str | None:
    """The one known word within a small edit distance; None where there is none, or several that differ in meaning."""
    near = near_words(word, lexicon)
    meanings = [lexicon.phrases.get((one,)) for one in near]
    alike = bool(near) and all(meaning is not None and meaning == meanings[0] for meaning in meanings)
    return near[0] if len(near) == 1 or alike else None


def near_words(word: str, lexicon: Lexicon, more: int = 0) -> list[str]:
    """Known words that differ in one letter (two for long words, `more` on top): only the nearest of them."""
    if len(word) < SHORTEST_TYPO:
        return []
    allowed = (2 if len(word) >= LONG_WORD else 1) + more
    matches = process.extract(word, lexicon.long_words, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    return [one for one, distance, _ in matches if distance == matches[0][1]]
