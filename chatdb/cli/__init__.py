"""The command `chatdb`: thin doors to the library. A module is imported by the commands that need it alone."""

import click

from chatdb.cli import (
    chaos,
    check,
    cleanup,
    cluster,
    completion,
    deploy,
    explain,
    health,
    images,
    load,
    local,
    new_service,
    repository,
    synth,
    views,
)
from chatdb.repository import ROOT


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "obj": ROOT},
    commands=[
        chaos.chaos,
        check.check,
        cleanup.cleanup,
        cluster.cluster,
        completion.completion,
        deploy.deploy,
        explain.explain,
        health.health,
        images.images,
        load.load,
        local.local,
        new_service.new_service,
        repository.doctor,
        repository.init,
        repository.release,
        repository.rollback,
        synth.synth,
        views.capacity,
        views.graph,
    ],
)
@click.version_option(package_name="chatdb-gitops")
def main() -> None:
    """Generate ChatDB's GitOps repository, check it, and release it.

    Exit codes: 0 done, 1 something is wrong (each problem with its fix), 2 wrong usage.
    """
