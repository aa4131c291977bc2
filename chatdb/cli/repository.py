"""The commands for the repository as a whole: init, release, rollback, doctor."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from chatdb.cli.common import advised, as_json, json_option, show, with_old_key
from chatdb.repository import catalogue

DEFAULTS = {"revision": "main", "environment": "minikube"}
"""What `init` writes where nobody says anything else."""


@click.command()
@click.option("--repository", prompt="Repository URL", help="Where Argo CD finds this repository.")
@click.option("--revision", help=f"The branch that Argo CD follows; at first {DEFAULTS['revision']}.")
@click.option("--environment", help=f"Name of the folder in overlays/; at first {DEFAULTS['environment']}.")
@click.option(
    "--pins", type=click.Choice(["keep", "drop"]), help="What becomes of pins where the repository is another one."
)
@click.pass_obj
@advised
def init(root: Path, repository: str, revision: str | None, environment: str | None, pins: str | None) -> None:
    """Write the settings file chatdb.yaml; what is in it and is not given stays, as tiers and comments do."""
    from constructs_lib import settings

    path = settings.write(
        root,
        catalogue(),
        repository=repository,
        revision=revision,
        environment=environment,
        defaults=DEFAULTS,
        pins=pins,
    )
    click.echo(f"wrote {path.relative_to(root)}; now run: chatdb synth")


offline_option = click.option(
    "--offline", is_flag=True, help="Do not ask the repository whether it contains the commit that is pinned."
)
no_commit_option = click.option(
    "--no-commit", is_flag=True, help="Write pins and Applications, and leave the commit to you."
)


@click.command()
@offline_option
@no_commit_option
@click.pass_obj
@advised
def release(root: Path, *, offline: bool, no_commit: bool) -> None:
    """Pin every tier to HEAD, so that the update rolls through the waves in order.

    HEAD has to be pushed, and its committed files have to be what the code gives and to pass every rule.
    """
    from chatdb import release as releases

    settings, commit = releases.release(root, offline=offline, commit=not no_commit)
    _pinned(settings.environment, commit, settings.repository if offline else None)


@click.command()
@click.option("--to", metavar="COMMIT", help="An earlier release, by the commit that it pins or the one that pins it.")
@offline_option
@no_commit_option
@click.pass_obj
@advised
def rollback(root: Path, to: str | None, *, offline: bool, no_commit: bool) -> None:
    """Pin every tier to an earlier release; without --to, to the last one before the present one."""
    from chatdb import release as releases

    settings, commit = releases.rollback(root, to, offline=offline, commit=not no_commit)
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
        as_json("doctor/v2", needs=[with_old_key(asdict(finding)) for finding in needs])
    else:
        rows = ((finding.name, finding.found or "nothing", finding.wanted, finding.fix) for finding in needs)
        show(("need", "found", "wanted", "fix"), rows)
    sys.exit(1 if any(finding.fix for finding in needs) else 0)
