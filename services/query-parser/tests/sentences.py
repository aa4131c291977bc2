"""Sentences at random that the grammar can read: whatever rule there is, some sentence has it."""

from collections import defaultdict
from collections.abc import Iterator
from random import Random

from query_parser.domain import grammar, vocabulary
from query_parser.domain.schema import Schema

# What is read from the text, and is no word of a vocabulary.
LITERALS = {
    "WORD": ["Honey", "PX-2024/0007", "iris"],
    "STRING": ['"x y"'],
    "NUMBER": ["3", "12", "2.5"],
    "YEAR": ["2024"],
    "DATE": ["2024-02-29"],
    "COMMA": [","],
    "OWNER": ["Ada's"],
}
LONGEST = 200


def sentences(schema: Schema, random: Random) -> Iterator[str]:
    """As many as are wanted, of words of the schema and of the vocabulary."""
    words = defaultdict(list, {terminal: list(texts) for terminal, texts in LITERALS.items()})
    for phrase, entries in vocabulary.build(schema).phrases.items():
        for entry in entries:
            words[entry.terminal].append(" ".join(phrase))
    while True:
        said = " ".join(_derived(grammar.START, random.choice((4, 6, 8)), words, random))
        if len(said) <= LONGEST:
            yield said


def _derived(symbol: str, depth: int, words: dict[str, list[str]], random: Random) -> list[str]:
    rules = grammar.rules().of
    if symbol not in rules:
        # A schema without verbs, say, has no word for them.
        return [random.choice(words.get(symbol) or ["nothing"])]
    alternatives = [one for one in rules[symbol] if depth > 0 or not one.is_recursive]
    if depth <= 0:
        shortest = min(len(one.symbols) for one in alternatives)
        alternatives = [one for one in alternatives if len(one.symbols) <= shortest + 1]
    chosen = random.choice(alternatives)
    return [word for part in chosen.symbols for word in _derived(part, depth - 1, words, random)]
