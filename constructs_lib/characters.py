"""Characters that no manifest can hold."""

import re

LOST = re.compile("[\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Kustomize cannot write them, or turns them into others; half of a pair of surrogates is no character at all."""


def lost(text: str) -> str:
    """What Kustomize would lose of the text, in words; nothing where it would give it back."""
    match = LOST.search(text)
    return f"has the character U+{ord(match[0]):04X}, which Kustomize cannot hold" if match else ""
