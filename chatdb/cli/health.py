"""The command `chatdb health`."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, as_json, context_option, json_option, show, with_environment
from chatdb.repository import platform

if TYPE_CHECKING:
    from constructs_lib.settings import Settings


@click.command()
@context_option
@json_option
@click.pass_obj
@advised
@with_environment
def health(root: Path, context: str | None, settings: "Settings", *, json_: bool) -> None:
    """Look at the cluster, its namespaces, each tier, and every endpoint through the API server.

    Changes nothing. Exit code 1 where something is not well.
    """
    from chatdb.deploy.health import checks, first_wrong

    results = list(checks(root, platform(root), settings, context))
    wrong = first_wrong(results)
    if json_:
        as_json("health/v1", healthy=wrong is None, checks=[asdict(check) for check in results])
    else:
        show(("", "what", "name", "found"), (("ok" if c.ok else "NOT", c.level, c.name, c.found) for c in results))
        click.echo(f"look at {wrong.level} {wrong.name}: {wrong.next}" if wrong else "all is well")
    sys.exit(1 if wrong else 0)
