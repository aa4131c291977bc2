"""The rule `files` reads whatever a ConfigMap holds, and says what no parser can read."""

from dataclasses import replace

import pytest

from catalogue.tiers import Tier
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.checks.rules import RULES, run

DEEP = 100_000


def findings(inputs: Inputs, name: str, text: str) -> list[str]:
    """What the rule says of a file with that text."""
    metadata = {"name": "own", "namespace": "chatdb-services"}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {name: text}}
    (rule,) = (rule for rule in RULES if rule.id == "files")
    found = run(replace(inputs, rendered=(Rendered(Tier.CORE, manifest),)), [rule])
    return [finding.problem.what for finding in found]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "[" * DEEP, "nested too deeply"),
        ("a.json", "[" * DEEP + "]" * DEEP, "nested too deeply"),
        ("a.yaml", "[" * DEEP, "nesting depth"),
        ("a.yaml", "- " * DEEP, "nesting depth"),
        ("a.py", "[" * DEEP, "too many nested parentheses"),
        ("a.py", "- " * DEEP + "1", "nested too deeply"),
        ("a.py", "not " * DEEP + "1", "nested too deeply"),
        ("a.sql", "(" * DEEP, "memory exhausted"),
        ("a.sh", "$(" * DEEP, "bash"),
    ],
)
def test_deep(rendered: Inputs, name: str, text: str, said: str) -> None:
    """Each parser has an end of its own; none ends the check, and none ends without a word."""
    (message,) = findings(rendered, name, text)
    assert said in message
