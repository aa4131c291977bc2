"""Words that YAML reads as a truth value, a number, a date, a list or nothing, where they stand without quotes."""

import re

_WORD = re.compile(
    r"""
    true | false | yes | no | on | off | y | n | null | ~ | = | << |            # YAML 1.1 and 1.2
    - | --- | [.]{3} |                                                         # an item; a document's start and end
    [-+]? (
        0b[01_]+ | 0x[0-9a-f_]+ | 0o?[0-7_]+ |
        [0-9][0-9_]* (:[0-5]?[0-9])* ([.][0-9_]*)? (e[-+]?[0-9]+)? |           # also base 60
        [.][0-9][0-9_]* (e[-+]?[0-9]+)? |
        [.]inf
    ) |
    [.]nan |
    [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} ([t ].*)?
    """,
    re.VERBOSE | re.IGNORECASE,
)


def reads_as_text(word: str) -> bool:
    """Whether every version of YAML reads the word as text, also where nobody has put it in quotes."""
    return bool(word) and not _WORD.fullmatch(word)
