"""What could be asked instead of a question that is refused: something near that has an answer."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from query_parser.domain import grammar, lexer, sql
from query_parser.domain.lexicon import Lexicon
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import Schema
from query_parser.domain.understanding import understand

Read = Callable[[str], lexer.Lexed]
# Each is read like a question, which takes as long.
MOST_TRIED = 5
MOST_NEAR = 3


def words_meant(unresolved: Sequence[str], words: Lexicon) -> list[str]:
    """Words that may have been meant where one is not known; never the very word, however it is joined."""
    unknown = [word for word in map(str.lower, unresolved) if tuple(word.split()) not in words.phrases]
    near = [(word, known) for word in unknown for known in lexer.near_words(word, words, more=1)]
    told = (known for word, known in near if _letters(known) != _letters(word) and not _is_noise(known, words))
    return list(dict.fromkeys(told))[:MOST_NEAR]


def _is_noise(word: str, words: Lexicon) -> bool:
    return any(entry.terminal == "NOISE" for entry in words.phrases.get((word,), ()))


def nearest_question(question: str, problem: NotUnderstood, schema: Schema, words: Lexicon, read: Read) -> str | None:
    """The nearest question that is answered, of those that are tried; None where none is."""
    tried = islice(dict.fromkeys(_near(question, problem, words, read)), MOST_TRIED)
    counts = (f"how many {name} are there" for name in _tables(question, schema, words))
    return next((one for one in (*tried, *islice(counts, 1)) if _is_answered(one, schema, read)), None)


def _is_answered(question: str, schema: Schema, read: Read) -> bool:
    try:
        sql.render(understand(read(question), schema), schema)
    except NotUnderstood:
        return False
    return True


def _near(question: str, problem: NotUnderstood, words: Lexicon, read: Read) -> Iterator[str]:
    """With another word, without the one that could not be read, and the longest beginning that is a question."""
    try:
        lexemes = read(question).lexemes
    except NotUnderstood:
        return
    texts = [_quoted(lexeme) for lexeme in lexemes]
    wrong = {word.lower() for word in problem.unresolved}
    for known in words_meant(problem.unresolved, words)[:2]:
        yield " ".join(known if text.lower() in wrong else text for text in texts)
    if wrong:
        yield " ".join(text for text in texts if text.lower() not in wrong)
    reading = [(lexeme.text, lexeme.entries[0]) for lexeme in lexemes]
    for end in grammar.beginnings(reading):
        yield " ".join(texts[:end])


def _quoted(lexeme: lexer.Lexeme) -> str:
    return f'"{lexeme.text}"' if lexeme.entries[0].terminal == "STRING" else lexeme.text


def _tables(question: str, schema: Schema, words: Lexicon) -> Iterator[str]:
    """The tables that the question names, and then the first of all."""
    for word in question.lower().split():
        yield from (entry.table for entry in words.phrases.get((word.strip("?!.,"),), ()) if entry.table)
    yield schema.tables[0].name


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
