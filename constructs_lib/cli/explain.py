"""The command `chatdb explain`."""

from dataclasses import asdict
from pathlib import Path

import click

from constructs_lib.catalogue.load import CATALOGUE
from constructs_lib.cli.common import advised, as_json, json_option
from constructs_lib.cli.completion import component_names


@click.command()
@click.argument("component", shell_complete=component_names, help="The name of an entry of the catalogue.")
@json_option
@click.pass_obj
@advised
def explain(root: Path, component: str, *, json_: bool) -> None:
    """Show all that is derived from a component's entry, with file and line."""
    from constructs_lib.explain.component import explain, find
    from constructs_lib.explain.text import as_text
    from constructs_lib.images.tags import tagged

    try:
        entry = find(CATALOGUE, component)
    except KeyError as error:
        raise click.UsageError(error.args[0]) from error
    found = explain(root, tagged(root, CATALOGUE), entry)
    if json_:
        as_json("explain/v1", **asdict(found))
    else:
        click.echo(as_text(found))
