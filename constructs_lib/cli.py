"""The command `chatdb`: thin doors to the library."""

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from constructs_lib import doctor as doctors
from constructs_lib import graph_views
from constructs_lib import release as releases
from constructs_lib import settings as setting
from constructs_lib.catalogue.load import CATALOGUE
from constructs_lib.problem import InvalidInput

ROOT = Path(__file__).resolve().parents[1]
OUT = Path(".cdk8s/out")


def advised(command: Callable[..., None]) -> Callable[..., None]:
    """Print every problem of a wrong input, without a traceback, and exit with 1."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except InvalidInput as error:
            click.echo(str(error), err=True)
            sys.exit(1)

    return wrapped


def as_json(value: Any) -> None:
    """Print a value for programs."""
    click.echo(json.dumps(value, indent=2, sort_keys=True))


def show(table: Table) -> None:
    """Print a table for people; a pipe gets it in full width."""
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(table)


json_option = click.option("--json", "json_", is_flag=True, help="Print JSON for programs.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chatdb-gitops")
def main() -> None:
    """Generate ChatDB's GitOps repository, check it, and release it.

    Exit codes: 0 done, 1 something is wrong (each problem with its mend), 2 wrong usage.
    """


@main.command()
@click.option("--repository", prompt="Repository URL", help="Where Argo CD finds this repository.")
@click.option(
    "--revision",
    default="main",
    show_default=True,
    help="The branch that Argo CD follows.",
)
@click.option(
    "--environment",
    default="minikube",
    show_default=True,
    help="Name of the folder in overlays/.",
)
@advised
def init(repository: str, revision: str, environment: str) -> None:
    """Write the settings file chatdb.yaml."""
    path = setting.write(ROOT, repository=repository, revision=revision, environment=environment)
    click.echo(f"wrote {path.relative_to(ROOT)}; now run: chatdb synth")


@main.command()
@click.option(
    "--check",
    is_flag=True,
    help="Change nothing; fail where a generated file is not what the code gives.",
)
@advised
def synth(*, check: bool) -> None:
    """Write dist/, argocd/<env>/ and the overlay's list of tiers."""
    from constructs_lib.gitops.regenerate import regenerate, stale

    if not check:
        changed = regenerate(ROOT)
        click.echo("changed: " + ", ".join(changed) if changed else "nothing has changed")
        return
    found = stale(ROOT)
    for path in found:
        click.echo(f"{path}: not what the code gives; run `chatdb synth` and commit", err=True)
    sys.exit(1 if found else 0)


@main.command()
@click.option(
    "--rule",
    "ids",
    multiple=True,
    help="Run this rule only; may be given several times.",
)
@json_option
@advised
def check(ids: tuple[str, ...], *, json_: bool) -> None:
    """Check the rendered manifests with every rule."""
    from constructs_lib.checks.render import inputs
    from constructs_lib.checks.rules import RULES, run

    unknown = set(ids) - {rule.id for rule in RULES}
    if unknown:
        raise click.UsageError(f"no rule {', '.join(sorted(unknown))}; there are: {', '.join(r.id for r in RULES)}")
    rules = [rule for rule in RULES if not ids or rule.id in ids]
    found = run(inputs(ROOT, CATALOGUE), rules)
    if json_:
        as_json([{"rule": finding.rule, **asdict(finding.problem)} for finding in found])
    else:
        for finding in found:
            click.echo(f"[{finding.rule}] {finding.problem}")
        click.echo(f"{len(rules)} rules, {len(found)} findings")
    sys.exit(1 if found else 0)


@main.command()
@click.option(
    "--format", "format_", type=click.Choice(["text", "mermaid", "svg", "json"]), default="text", show_default=True,
    help="How the graph is printed.",
)  # fmt: skip
def graph(format_: str) -> None:
    """Show what starts after what."""
    if format_ == "json":
        as_json(graph_views.as_json(CATALOGUE))
    else:
        views = {
            "text": graph_views.as_text,
            "mermaid": graph_views.as_mermaid,
            "svg": graph_views.as_svg,
        }
        click.echo(views[format_](CATALOGUE))


@main.command()
@json_option
@advised
def capacity(*, json_: bool) -> None:
    """Show what the platform takes of the environment's machine."""
    from constructs_lib.checks import capacity as capacities
    from constructs_lib.checks.render import inputs

    found = capacities.ledger(inputs(ROOT, CATALOGUE))
    if found is None:
        raise click.UsageError("nothing is known of this environment's machine: add it to catalogue/machines.py")
    lines = capacities.lines(found)
    if json_:
        as_json([asdict(line) | {"free": line.free} for line in lines])
        return
    table = Table(
        "resource",
        "machine",
        "system",
        "platform at its peak",
        "free",
        "has to stay free",
    )
    for line in lines:
        numbers = (line.total, line.system, line.platform, line.free, line.reserve)
        table.add_row(line.name, *(capacities.amount(line, number) for number in numbers))
    show(table)


@main.command()
@json_option
def images(*, json_: bool) -> None:
    """List the images, and which are built from this repository."""
    rows = [
        {
            "component": c.name,
            "image": CATALOGUE.image(c).reference,
            "source": CATALOGUE.image(c).source,
        }
        for c in CATALOGUE.components
        if c.image
    ]
    if json_:
        as_json(rows)
        return
    table = Table("component", "image", "built from")
    for row in rows:
        table.add_row(row["component"], row["image"], row["source"] or "")
    show(table)


@main.command()
@click.option(
    "--no-commit",
    is_flag=True,
    help="Write pins and Applications, and leave the commit to you.",
)
@advised
def release(*, no_commit: bool) -> None:
    """Hold every tier at the present commit, so that the update rolls in the order of the waves."""
    from constructs_lib.gitops.regenerate import regenerate

    settings = setting.load(ROOT)
    commit = releases.contents_commit(ROOT)
    releases.write_pins(ROOT, settings, commit)
    regenerate(ROOT)
    if not no_commit:
        releases.commit_pins(ROOT, settings, commit)
    click.echo(f"every tier of {settings.environment} is held at {commit[:12]}; push it, and Argo CD follows")


@main.command()
@json_option
def doctor(*, json_: bool) -> None:
    """Say what is installed, what is missing, and how to mend it."""
    found = doctors.findings(ROOT)
    if json_:
        as_json([asdict(finding) for finding in found])
    else:
        table = Table("need", "found", "wanted", "mend")
        for finding in found:
            table.add_row(finding.name, finding.found or "nothing", finding.wanted, finding.mend)
        show(table)
    sys.exit(1 if any(finding.mend for finding in found) else 0)
