"""Manifests are written so that every reader of YAML takes each text for the same text."""

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from constructs_lib.characters import LOST
from constructs_lib.manifest_yaml import dump
from constructs_lib.problem import InvalidInput

CHARACTERS = st.characters(codec="utf-8").filter(lambda one: not LOST.search(one))
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
        ("a\u2028b", '"a\\Lb"'),
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


@given(st.text(CHARACTERS))
def test_what_is_read_is_what_was_written(text: str) -> None:
    """Whatever the text, as a value and as a key, for a reader of YAML 1.1 too."""
    assume(text != "<<")
    assert yaml.safe_load(dump([{"key": text, f"key {text}": 1}])) == {"key": text, f"key {text}": 1}


@pytest.mark.parametrize("character", ["\x7f", "\x85", "\x9a", "\ud800", "\ufffe", "\uffff"])
def test_what_kustomize_loses_is_refused(character: str) -> None:
    """With the object and the path to the text, and never by a crash: also where it is a key."""
    code = f"U+{ord(character):04X}"
    manifest = {"kind": "Thing", "metadata": {"name": "a"}, "spec": [{f"k{character}": 1}, {"k": f"v{character}"}]}
    with pytest.raises(InvalidInput) as refused:
        dump([manifest])
    first, second = refused.value.problems
    assert (first.where, second.where) == (f"Thing a: spec.0.{ascii('k' + character)[1:-1]}", "Thing a: spec.1.k")
    assert first.what == second.what == f"has the character {code}, which Kustomize cannot hold"
    assert str(refused.value).encode()


def test_a_merge_key_is_refused() -> None:
    """Kustomize merges its value, and drops a text."""
    with pytest.raises(InvalidInput, match=r"Thing: a\.<<: the key << is lost"):
        dump([{"kind": "Thing", "a": {"<<": "text"}}])


@pytest.mark.parametrize("key", ["k" * 1001, "\u00e9" * 170, "<" * 170])
def test_a_key_that_is_too_long_is_refused(key: str) -> None:
    """Kustomize writes JSON, and a parser of YAML gives up looking for the end of such a key."""
    with pytest.raises(InvalidInput, match="the key is too long"):
        dump([{"kind": "Thing", key: "text"}])


def test_no_references() -> None:
    """An object that is there twice is written twice: an anchor would be read only by some."""
    same = {"a": "b"}
    assert dump([{"one": same, "two": same}]) == "one:\n  a: b\ntwo:\n  a: b\n"
