"""The command `chatdb report`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, as_json, json_option, with_environment
from chatdb.repository import platform
from chatdb.schemas import PLAN, document

if TYPE_CHECKING:
    from constructs_lib.settings import Settings


@click.command()
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path),
    help="Where it is written; without it report-<environment>.html in the current folder.",
)  # fmt: skip
@click.option("--base", metavar="REV", help="Show the plan from this commit to the working tree, too.")
@click.option("--open", "open_", is_flag=True, help="Show it in the browser.")
@json_option
@click.pass_obj
@advised
@with_environment
def report(
    root: Path, settings: "Settings", output: Path | None, base: str | None, *, open_: bool, json_: bool
) -> None:
    """Write one HTML file about an environment: graph, traffic, capacity, images, checks, outages.

    It is self-contained: it opens from disk, without a network. Findings of the checks are in it, and do not change the
    exit code. With --json its data is printed instead.
    """
    import webbrowser

    from chatdb.plan.plan import base_commit, plans
    from chatdb.plan.views import as_data
    from chatdb.report import change
    from chatdb.report.data import collect
    from chatdb.report.output import check_output, write
    from chatdb.report.page import page

    if json_ and (output or open_):
        raise click.UsageError("--json prints, and writes no file: leave out --output and --open")
    path = output or Path(f"report-{settings.environment}.html")
    if not json_:
        check_output(path)
    further, planned = [], None
    if base is not None:
        start = base_commit(root, base, settings.revision)
        (plan,) = plans(root, [settings], start)
        further = [change.section(plan, start)]
        planned = document(PLAN, base=start, environments=[as_data(plan)], removed=[])
    made = collect(root, platform(root), settings, datetime.now(UTC))
    if json_:
        as_json("report/v1", **made.values(), plan=planned)
        return
    text = page(made, further)
    write(path, text)
    click.echo(f"wrote {path}: {len(text.encode()) / 1000:.0f} kB")
    if open_ and not webbrowser.open(path.resolve().as_uri()):
        click.echo(f"no browser could be started; open {path.resolve().as_uri()}", err=True)
