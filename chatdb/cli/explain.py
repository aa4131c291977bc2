"""The command `chatdb explain`."""

from dataclasses import asdict
from pathlib import Path

import click

from chatdb.cli.common import advised, as_json, json_option, one_environment, variant_option
from chatdb.cli.completion import component_names
from chatdb.repository import platform, platform_of
from chatdb.schemas import EXPLAIN


@click.command()
@click.argument("component", shell_complete=component_names, help="The name of an entry of the catalogue.")
@variant_option
@json_option
@click.pass_obj
@advised
def explain(root: Path, component: str, environment: str | None, *, json_: bool) -> None:
    """Show all that is derived from a component's entry, with file and line."""
    from chatdb.explain.component import explain, find
    from chatdb.explain.sources import Sources, of_environment
    from chatdb.explain.text import as_text
    from constructs_lib.checks.render import inputs

    settings = one_environment(root, environment) if environment else None
    own = platform_of(platform(root), settings) if settings else platform(root)
    try:
        entry = find(own, component)
    except KeyError as error:
        raise click.UsageError(error.args[0]) from error
    sources = of_environment(inputs(root, platform(root), settings)) if settings else Sources(root)
    explanation = explain(sources, own, entry)
    if json_:
        as_json(EXPLAIN, **asdict(explanation))
    else:
        click.echo(as_text(explanation))
