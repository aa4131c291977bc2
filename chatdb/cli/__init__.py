"""The command `chatdb`: thin doors to the library. A module is imported by the commands that need it alone."""

import sys
from pathlib import Path

import click

from chatdb.cli import (
    chaos,
    check,
    cleanup,
    cluster,
    completion,
    deploy,
    drift,
    environments,
    explain,
    health,
    images,
    load,
    local,
    new_service,
    plan,
    promote,
    report,
    repository,
    status,
    synth,
    views,
)
from chatdb.repository import ROOT
from constructs_lib.command import SETTINGS


def _version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - as click calls it
    if wanted:
        # It starts git, which no other call needs.
        from chatdb.version import described

        click.echo(f"chatdb {described(context.obj)}")
        context.exit()


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "obj": ROOT},
    commands=[
        chaos.chaos,
        check.check,
        cleanup.cleanup,
        cluster.cluster,
        completion.completion,
        deploy.deploy,
        drift.drift,
        environments.new_environment,
        environments.remove_environment,
        explain.explain,
        health.health,
        images.images,
        load.load,
        local.local,
        new_service.new_service,
        plan.plan,
        promote.promote,
        report.report,
        repository.doctor,
        repository.init,
        repository.release,
        repository.rollback,
        status.status,
        synth.synth,
        views.capacity,
        views.graph,
    ],
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit."
)
@click.pass_obj
def main(root: Path) -> None:
    """Generate ChatDB's GitOps repository, check it, and release it.

    Exit codes: 0 done, 1 something is wrong (each problem with its fix), 2 wrong usage.
    """
    asks = click.get_current_context().help_option_names
    if root == ROOT and not {*asks}.intersection(sys.argv) and (other := _other_repository()):
        raise click.UsageError(
            f"this is the command of {ROOT}, and {other} is another repository; run `make synth` there, and its"
            " .venv/bin/chatdb"
        )


def _other_repository() -> Path | None:
    """The repository that one works in, where it is not this one: a release would be made in the wrong one."""
    try:
        folder = Path.cwd()
    except OSError:
        # It is deleted, and so in no repository.
        return None
    folders = (folder, *folder.parents)
    nearest = next((path for path in folders if (path / SETTINGS).is_file() and (path / "chatdb").is_dir()), None)
    return None if nearest is None or nearest.samefile(ROOT) else nearest
