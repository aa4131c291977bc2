"""Words that YAML takes for something else are known, those of YAML 1.1 as well as those of 1.2."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.yaml_words import reads_as_text

OTHERS = (
    "true", "False", "YES", "no", "on", "Off", "y", "N", "null", "~", "", "=", "<<", "123", "-1", "+1", "0", "007",
    "0o17", "0x1F", "0b11", "1_000", "1e3", "1E-3", "1.5", "1.", ".5", "6.02e+23", ".inf", "-.INF", ".NaN", "1:30",
    "2026-11-28", "2026-1-2", "2026-11-28T10:00:00Z",
    "-", "---", "...",
)  # fmt: skip
TEXTS = ("truth", "nope", "only", "yes-man", "a1e3", "1e3x", "0x1g", "v1.5", "1.2.3", "nan", "inf", "e3", "kafka", "--")


@pytest.mark.parametrize("word", OTHERS)
def test_others(word: str) -> None:
    """Truth values, nothing, numbers, dates, and words that mean something in a mapping, a list or a stream."""
    assert not reads_as_text(word)


@pytest.mark.parametrize("word", TEXTS)
def test_texts(word: str) -> None:
    """What only looks like one of them."""
    assert reads_as_text(word)


@given(st.from_regex(r"[-+.0-9a-zA-Z_:]{1,8}", fullmatch=True))
def test_as_a_parser_reads_it(word: str) -> None:
    """What a parser of YAML 1.1 does not read as the same text is known."""
    try:
        read = yaml.safe_load(word)
    except (yaml.YAMLError, ValueError):
        return
    if isinstance(read, str | dict):
        return
    assert not reads_as_text(word), read
