"""The commands for the repository as a whole: init, release, rollback, doctor."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import (
    advised,
    as_json,
    environment_option,
    json_option,
    offline_option,
    show,
    with_environment,
)
from chatdb.repository import catalogue

if TYPE_CHECKING:
    from constructs_lib.settings import Settings

FIRST = "minikube"
"""The environment of a new repository, where nobody names another."""


@click.command()
@click.option("--repository", help="Where Argo CD finds this repository; asked for where it is not written yet.")
@click.option("--revision", help="The branch that Argo CD follows; at first main.")
@environment_option
@click.option(
    "--pins", type=click.Choice(["keep", "drop"]), help="What becomes of pins where the repository is another one."
)
@click.pass_obj
@advised
def init(root: Path, repository: str | None, revision: str | None, environment: str | None, pins: str | None) -> None:
    """Write the settings file chatdb.yaml; what is in it and is not given stays, as environments and comments do.

    A file of an older version, with one environment at the top level, is brought into the present form.
    """
    from constructs_lib import settings_file

    path = settings_file.write(
        root,
        catalogue(),
        repository=repository or settings_file.repository(root) or click.prompt("Repository URL"),
        revision=revision,
        environment=environment,
        first=FIRST,
        pins=pins,
    )
    click.echo(f"wrote {path.relative_to(root)}; now run: chatdb synth")


no_commit_option = click.option(
    "--no-commit", is_flag=True, help="Write pins and Applications, and leave the commit to you."
)


@click.command()
@offline_option
@no_commit_option
@click.pass_obj
@advised
@with_environment
def release(root: Path, settings: "Settings", *, offline: bool, no_commit: bool) -> None:
    """Pin every tier to HEAD, so that the update rolls through the waves in order.

    HEAD has to be pushed, and its committed files have to be what the code gives and to pass every rule.
    """
    from chatdb import release as releases

    commit = releases.release(root, settings.environment, offline=offline, commit=not no_commit, tell=click.echo)
    _pinned(settings.environment, commit, settings.repository if offline else None)


@click.command()
@click.option("--to", metavar="COMMIT", help="An earlier release, by the commit that it pins or the one that pins it.")
@offline_option
@no_commit_option
@click.pass_obj
@advised
@with_environment
def rollback(root: Path, to: str | None, settings: "Settings", *, offline: bool, no_commit: bool) -> None:
    """Pin every tier to an earlier release; without --to, to the last one before the present one."""
    from chatdb import release as releases

    commit = releases.rollback(root, settings.environment, to, offline=offline, commit=not no_commit, tell=click.echo)
    _pinned(settings.environment, commit, settings.repository if offline else None)


def _pinned(environment: str, commit: str, unasked: str | None) -> None:
    if unasked:
        click.echo(f"not verified: whether {unasked} contains {commit[:12]}", err=True)
    click.echo(f"every tier of {environment} is pinned to {commit[:12]}; push it, and Argo CD follows")


@click.command()
@json_option
@click.pass_obj
def doctor(root: Path, *, json_: bool) -> None:
    """Say what is installed, what is missing, and how to fix it."""
    from chatdb.doctor import findings

    needs = findings(root)
    if json_:
        from chatdb.values import with_old_key

        as_json("doctor/v2", needs=[with_old_key(asdict(finding)) for finding in needs])
    else:
        rows = ((finding.name, finding.found or "nothing", finding.wanted, finding.fix) for finding in needs)
        show(("need", "found", "wanted", "fix"), rows)
    sys.exit(1 if any(finding.fix for finding in needs) else 0)
