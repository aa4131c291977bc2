"""The command `chatdb status`."""

import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, as_json, context_option, json_option, with_environment
from chatdb.repository import platform

if TYPE_CHECKING:
    from chatdb.status.model import Status
    from constructs_lib.settings import Settings

PERIOD = 3.0
"""Seconds between two looks of --watch."""


@click.command()
@context_option
@click.option("--watch", is_flag=True, help="Look again every few seconds, until Ctrl-C.")
@json_option
@click.pass_obj
@advised
@with_environment
def status(root: Path, context: str | None, settings: "Settings", *, watch: bool, json_: bool) -> None:
    """Show what is ready, what is held and by what, and the commits that tiers run and should run.

    Changes nothing, and reads no Secret. Exit code 1 where something is not as it should be.
    """
    if watch and json_:
        raise click.UsageError("--watch is for people: leave out --json, or run it again and again")
    look = _looking(root, settings, context)
    if watch:
        sys.exit(_watch(look))
    found = look()
    if json_:
        from chatdb.status.values import values

        as_json("status/v1", **values(found))
    else:
        _print(found)
    sys.exit(0 if found.ok else 1)


def _looking(root: Path, settings: "Settings", context: str | None) -> "Callable[[], Status]":
    """What looks at the cluster once; InvalidInput where there is none."""
    from chatdb.deploy.plan import plan
    from chatdb.deploy.target import connect
    from chatdb.status.assess import assess
    from chatdb.status.commits import Commits
    from chatdb.status.read import read
    from constructs_lib.resolve import varied

    own = varied(platform(root), settings.traits, settings.options)
    planned, kubectl = plan(root, own, settings), connect(context)

    def look() -> "Status":
        reading = read(kubectl, settings, planned, own.namespaces.names)
        return assess(reading, own, settings, planned, Commits(root, settings), str(kubectl.context))

    return look


def _print(found: "Status") -> None:
    from datetime import UTC, datetime

    from rich.console import Console

    from chatdb.deploy.view import as_table
    from chatdb.status.text import cause_lines, headline, lines

    now = datetime.now(UTC)
    console = Console() if sys.stdout.isatty() else Console(width=160)
    click.echo("\n".join([headline(found), *cause_lines(found, now)]))
    console.print(as_table(lines(found, now), console.width))


def _watch(look: "Callable[[], Status]") -> int:
    """Show it again and again; the exit code of the last state."""
    from datetime import UTC, datetime

    from rich.console import Console

    from chatdb.deploy.view import view
    from chatdb.status.text import cause_lines, headline, lines
    from constructs_lib.problem import InvalidInput

    code = 1
    with view(Console()) as tell:
        try:
            while True:
                try:
                    found = look()
                except InvalidInput as error:
                    code = 1
                    tell((), str(error))
                else:
                    code = 0 if found.ok else 1
                    tell(lines(found, datetime.now(UTC)), "\n".join([headline(found), *cause_lines(found)]))
                sleep(PERIOD)
        except KeyboardInterrupt:
            return code
