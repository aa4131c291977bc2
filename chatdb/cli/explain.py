"""The command `chatdb explain`."""

from dataclasses import asdict
from pathlib import Path

import click

from chatdb.cli.common import advised, as_json, json_option
from chatdb.cli.completion import component_names
from chatdb.repository import platform


@click.command()
@click.argument("component", shell_complete=component_names, help="The name of an entry of the catalogue.")
@json_option
@click.pass_obj
@advised
def explain(root: Path, component: str, *, json_: bool) -> None:
    """Show all that is derived from a component's entry, with file and line."""
    from chatdb.explain.component import explain, find
    from chatdb.explain.text import as_text

    try:
        entry = find(platform(root), component)
    except KeyError as error:
        raise click.UsageError(error.args[0]) from error
    explanation = explain(root, platform(root), entry)
    if json_:
        as_json("explain/v3", **asdict(explanation))
    else:
        click.echo(as_text(explanation))
