"""The command `chatdb check`."""

import sys
from dataclasses import asdict
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from chatdb.cli.common import advised, as_json, json_option, with_old_key
from chatdb.repository import platform


def _rule_ids(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from constructs_lib.checks.rules import RULES

    return [CompletionItem(rule.id, help=rule.reason) for rule in RULES if rule.id.startswith(incomplete)]


@click.command()
@click.option(
    "--rule", "ids", multiple=True, shell_complete=_rule_ids, help="Run this rule only; may be given several times."
)
@json_option
@click.pass_obj
@advised
def check(root: Path, ids: tuple[str, ...], *, json_: bool) -> None:
    """Check the rendered manifests with every rule."""
    from constructs_lib.checks.render import inputs
    from constructs_lib.checks.rules import RULES, run

    unknown = set(ids) - {rule.id for rule in RULES}
    if unknown:
        raise click.UsageError(f"no rule {', '.join(sorted(unknown))}; there are: {', '.join(r.id for r in RULES)}")
    rules = [rule for rule in RULES if not ids or rule.id in ids]
    findings = run(inputs(root, platform(root)), rules)
    if json_:
        problems = [{"rule": finding.rule, **with_old_key(asdict(finding.problem))} for finding in findings]
        as_json("check/v2", rules=[rule.id for rule in rules], findings=problems)
    else:
        for finding in findings:
            click.echo(f"[{finding.rule}] {finding.problem}")
        click.echo(f"{len(rules)} rules, {len(findings)} findings")
    sys.exit(1 if findings else 0)
