"""From a catalogue to everything that is derived from it: plain Python, without cdk8s."""

from constructs_lib.resolve.resolve import relocated, resolve, resolve_draft

__all__ = ["relocated", "resolve", "resolve_draft"]
