"""The commands for the repository as a whole: init, release, doctor."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from chatdb.cli.common import advised, as_json, json_option, show, with_old_key
from chatdb.repository import catalogue


@click.command()
@click.option("--repository", prompt="Repository URL", help="Where Argo CD finds this repository.")
@click.option("--revision", default="main", show_default=True, help="The branch that Argo CD follows.")
@click.option("--environment", default="minikube", show_default=True, help="Name of the folder in overlays/.")
@click.pass_obj
@advised
def init(root: Path, repository: str, revision: str, environment: str) -> None:
    """Write the settings file chatdb.yaml."""
    from constructs_lib import settings

    path = settings.write(root, catalogue(), repository=repository, revision=revision, environment=environment)
    click.echo(f"wrote {path.relative_to(root)}; now run: chatdb synth")


@click.command()
@click.option("--no-commit", is_flag=True, help="Write pins and Applications, and leave the commit to you.")
@click.pass_obj
@advised
def release(root: Path, *, no_commit: bool) -> None:
    """Hold every tier at the present commit, so that the update rolls in the order of the waves."""
    from chatdb import release as releases
    from constructs_lib.gitops.regenerate import regenerate
    from constructs_lib.settings import read_settings

    settings = read_settings(root, catalogue())
    commit = releases.contents_commit(root)
    releases.write_pins(root, settings, commit)
    regenerate(root, catalogue)
    if not no_commit:
        releases.commit_pins(root, settings, commit)
    click.echo(f"every tier of {settings.environment} is held at {commit[:12]}; push it, and Argo CD follows")


@click.command()
@json_option
@click.pass_obj
def doctor(root: Path, *, json_: bool) -> None:
    """Say what is installed, what is missing, and how to fix it."""
    from chatdb.doctor import findings

    found = findings(root)
    if json_:
        as_json("doctor/v2", needs=[with_old_key(asdict(finding)) for finding in found])
    else:
        rows = ((finding.name, finding.found or "nothing", finding.wanted, finding.fix) for finding in found)
        show(("need", "found", "wanted", "fix"), rows)
    sys.exit(1 if any(finding.fix for finding in found) else 0)
