"""The command `chatdb check`."""

import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from chatdb.cli.common import advised, as_json, environment_option, environments, json_option
from chatdb.repository import platform
from chatdb.schemas import CHECK


def _rule_ids(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from constructs_lib.checks.rules import RULES

    return [CompletionItem(rule.id, help=rule.reason) for rule in RULES if rule.id.startswith(incomplete)]


@click.command()
@click.option(
    "--rule", "ids", multiple=True, shell_complete=_rule_ids, help="Run this rule only; may be given several times."
)
@environment_option
@json_option
@click.pass_obj
@advised
def check(root: Path, ids: tuple[str, ...], environment: str | None, *, json_: bool) -> None:
    """Check the rendered manifests of all environments, or of one, with every rule."""
    from chatdb import values
    from constructs_lib.checks.model import Finding
    from constructs_lib.checks.render import inputs
    from constructs_lib.checks.rules import RULES, run

    unknown = set(ids) - {rule.id for rule in RULES}
    if unknown:
        raise click.UsageError(f"no rule {', '.join(sorted(unknown))}; there are: {', '.join(r.id for r in RULES)}")
    rules = [rule for rule in RULES if not ids or rule.id in ids]
    chosen = environments(root, environment)
    # What is wrong with the repository as a whole is wrong in each of them.
    findings: dict[Finding, list[str]] = {}
    for one in chosen:
        for finding in dict.fromkeys(run(inputs(root, platform(root), one), rules)):
            findings.setdefault(finding, []).append(one.environment)
    if json_:
        as_json(CHECK, **values.check(rules, findings))
    else:
        for finding, names in findings.items():
            scope = f"{', '.join(names)}: " if len(names) < len(chosen) else ""
            click.echo(f"{scope}[{finding.rule}] {finding.problem}")
        click.echo(f"{len(rules)} rules, {len(findings)} findings")
    sys.exit(1 if findings else 0)
