"""Manifests are written so that every reader of YAML takes each text for the same text."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.manifest_yaml import dump

LONG = " ".join(["word"] * 100)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("apps/v1:rest", "apps/v1:rest"),
        ("250m", "250m"),
        ("y", "'y'"),
        ("Off", "'Off'"),
        ("null", "'null'"),
        ("12", "'12'"),
        ("1e3", "'1e3'"),
        ("0x1F", "'0x1F'"),
        ("12:30", "'12:30'"),
        ("", "''"),
        ("a\u0085b", '"a\\Nb"'),
        ("a\u00a0b", '"a\u00a0b"'),
        ("a\tb", '"a\\tb"'),
        ("\ufeff", '"\\uFEFF"'),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\nb", "|-\n  a\n  b"),
        (" a\nb", '" a\\nb"'),
        ("a\n\n", '"a\\n\\n"'),
        ("a \nb", '"a \\nb"'),
        (LONG, f"'{LONG}'"),
    ],
)
def test_style(text: str, written: str) -> None:
    """Plain where no reader sees another type, in lines where no reader changes them, else in quotes."""
    assert dump([{"key": text}]) == f"key: {written}\n"


@given(st.text())
def test_what_is_read_is_what_was_written(text: str) -> None:
    """Whatever the text, as a value and as a key."""
    assert yaml.safe_load(dump([{"key": text, f"key {text}": 1}])) == {"key": text, f"key {text}": 1}


def test_no_references() -> None:
    """An object that is there twice is written twice: an anchor would be read only by some."""
    same = {"a": "b"}
    assert dump([{"one": same, "two": same}]) == "one:\n  a: b\ntwo:\n  a: b\n"
