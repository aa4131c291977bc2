"""From a catalogue to everything that is derived from it: plain Python, without cdk8s."""

from constructs_lib.resolve.resolve import relocated, resolve, resolve_draft
from constructs_lib.resolve.variation import operators, varied

__all__ = ["operators", "relocated", "resolve", "resolve_draft", "varied"]
