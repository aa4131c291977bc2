"""The commands that show something of the platform: graph, capacity."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, as_json, json_option, one_environment, show, variant_option, with_environment
from chatdb.repository import platform, platform_of
from chatdb.schemas import CAPACITY, GRAPH

if TYPE_CHECKING:
    from constructs_lib.settings import Settings

OF_NODE = ("CPU requests", "memory requests", "disk")
SEVERAL = (
    "{} nodes, each with {} CPU, {} memory and {} disk; the platform at its peak. Without one: the platform at rest."
)


@click.command()
@click.option(
    "--format", "format_", type=click.Choice(["text", "mermaid", "json"]), default="text", show_default=True,
    help="How the graph is printed.",
)  # fmt: skip
@variant_option
@json_option
@click.pass_obj
@advised
def graph(root: Path, format_: str, environment: str | None, *, json_: bool) -> None:
    """Show what starts after what."""
    from chatdb import graph_views

    own = platform_of(platform(root), one_environment(root, environment)) if environment else platform(root)
    if json_ or format_ == "json":
        as_json(GRAPH, **graph_views.as_json(own))
        return
    views = {"text": graph_views.as_text, "mermaid": graph_views.as_mermaid}
    click.echo(views[format_](own))


@click.command()
@json_option
@click.pass_obj
@advised
@with_environment
def capacity(root: Path, settings: "Settings", *, json_: bool) -> None:
    """Show what the platform takes of the environment's nodes."""
    from chatdb import values
    from constructs_lib.checks.capacity import amount, ledger, lines
    from constructs_lib.checks.render import inputs

    sums = ledger(inputs(root, platform(root), settings))
    if sums is None:
        known = "name one of catalogue/machines.py by `machine`, or say by `nodes` how many nodes there are"
        raise click.UsageError(f"nothing is known of this environment's machine: {known}")
    if json_:
        as_json(CAPACITY, **values.capacity(sums))
        return
    heads = ("resource", "machine", "system", "platform at its peak", "free", "has to stay free")
    if sums.nodes.count > 1:
        size = (amount(line, line.total // sums.nodes.count) for line in lines(sums) if line.name in OF_NODE)
        click.echo(SEVERAL.format(sums.nodes.count, *size))
        heads = ("resource", "nodes", "system", "platform", "free", "has to stay free")
    rows = ((line, (line.total, line.system, line.platform, line.free, line.reserve)) for line in lines(sums))
    show(heads, ((line.name, *(amount(line, number) for number in numbers)) for line, numbers in rows))
