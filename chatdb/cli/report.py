"""The command `chatdb report`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, with_environment
from chatdb.repository import platform

if TYPE_CHECKING:
    from constructs_lib.settings import Settings


@click.command()
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path),
    help="Where it is written; without it report-<environment>.html in the current folder.",
)  # fmt: skip
@click.option("--base", metavar="REV", help="Show the plan from this commit to the working tree, too.")
@click.option("--open", "open_", is_flag=True, help="Show it in the browser.")
@click.pass_obj
@advised
@with_environment
def report(root: Path, settings: "Settings", output: Path | None, base: str | None, *, open_: bool) -> None:
    """Write one HTML file about an environment: graph, traffic, capacity, images, checks, outages.

    It is self-contained: it opens from disk, without a network. Findings of the checks are in it, and do not change the
    exit code.
    """
    import webbrowser

    from chatdb.plan.plan import base_commit, plans
    from chatdb.report import change
    from chatdb.report.data import collect
    from chatdb.report.output import check_output, write
    from chatdb.report.page import page

    path = output or Path(f"report-{settings.environment}.html")
    check_output(path)
    further = []
    if base is not None:
        start = base_commit(root, base, settings.revision)
        (plan,) = plans(root, [settings], start)
        further = [change.section(plan, start)]
    text = page(collect(root, platform(root), settings, datetime.now(UTC)), further)
    write(path, text)
    click.echo(f"wrote {path}: {len(text.encode()) / 1000:.0f} kB")
    if open_ and not webbrowser.open(path.resolve().as_uri()):
        click.echo(f"no browser could be started; open {path.resolve().as_uri()}", err=True)
