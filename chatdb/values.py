"""What reading commands print as JSON, as plain data; `chatdb report` is made of the same values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from constructs_lib.checks.capacity import Ledger, lines
from constructs_lib.checks.model import Finding, Rule


def capacity(sums: Ledger) -> dict[str, Any]:
    """The sums of the nodes, and what each tier adds to them."""
    return {
        "lines": [asdict(line) | {"free": line.free} for line in lines(sums)],
        "tiers": [
            {"tier": tier, "rest": asdict(sums.steady[tier]), "rollout": asdict(sums.extra[tier])}
            for tier in sums.steady
        ],
    }


def check(rules: Iterable[Rule], findings: Mapping[Finding, Sequence[str]]) -> dict[str, Any]:
    """The rules that ran, and their findings with the environments that have each."""
    return {
        "rules": [rule.id for rule in rules],
        "findings": [
            {"rule": finding.rule, "environments": list(names), **with_old_key(asdict(finding.problem))}
            for finding, names in findings.items()
        ],
    }


def with_old_key(values: dict[str, Any]) -> dict[str, Any]:
    """The same with `fix` under the key that it had in v1, too, for one release."""
    return {**values, "mend": values["fix"]}
