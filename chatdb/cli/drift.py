"""The command `chatdb drift`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, as_json, context_option, json_option, with_environment

if TYPE_CHECKING:
    from constructs_lib.settings import Settings


@click.command()
@context_option
@click.option(
    "--dry-run-apply", "dry_run", is_flag=True,
    help="Let the server say what an apply would change: exact, and needs the right to patch.",
)  # fmt: skip
@json_option
@click.pass_obj
@advised
@with_environment
def drift(root: Path, context: str | None, settings: "Settings", *, dry_run: bool, json_: bool) -> None:
    """Compare the live objects with the commit that each tier runs: what was changed, deleted or added by hand.

    Changes nothing. Exit code 1 where something differs.
    """
    from chatdb.deploy.target import connect
    from chatdb.drift import views
    from chatdb.drift.live import found

    result = found(root, settings, connect(context), dry_run=dry_run)
    if json_:
        as_json("drift/v1", **views.as_data(result))
    else:
        for line in views.as_text(result):
            click.echo(line)
    sys.exit(1 if result.objects else 0)
