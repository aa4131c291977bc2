"""The commands `chatdb cluster`: a minikube of the size that the platform is made for."""

import shlex

import click

from chatdb.cli.common import advised

dry_run_option = click.option("--dry-run", is_flag=True, help="Print the command, and run nothing that changes.")
timeout_option = click.option(
    "--timeout", type=click.IntRange(min=1), default=900, show_default=True, metavar="SECONDS",
    help="How long it may take.",
)  # fmt: skip


@click.group()
def cluster() -> None:
    """Start and stop a minikube of 4 CPU and 8 GB, with Calico and the addons that the platform needs."""


@cluster.command()
@click.option("--kubernetes-version", metavar="VERSION", help="Another than the newest that Argo CD is tested on.")
@timeout_option
@dry_run_option
@advised
def up(kubernetes_version: str | None, timeout: int, *, dry_run: bool) -> None:
    """Start it; one that runs is left as it is."""
    from chatdb.deploy.minikube import KUBERNETES, host, run, start_line

    line = start_line(host(), kubernetes_version or KUBERNETES)
    click.echo(shlex.join(line))
    if not dry_run:
        run(line, timeout)
        click.echo("next: chatdb images --build, then chatdb deploy -e minikube")


@cluster.command()
@click.option("--delete", is_flag=True, help="Delete it with all that is in it, in place of stopping it.")
@click.option("--yes", is_flag=True, help="Do not ask before it is deleted.")
@timeout_option
@dry_run_option
@advised
def down(timeout: int, *, delete: bool, yes: bool, dry_run: bool) -> None:
    """Stop it; its images and data are there when it is started again."""
    from chatdb.deploy.minikube import run, stop_line

    line = stop_line(delete=delete)
    click.echo(shlex.join(line))
    if dry_run:
        return
    if delete and not yes:
        click.confirm("Delete the cluster, with all images and data in it?", abort=True)
    run(line, timeout)
