"""The command `chatdb cleanup`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, context_option, with_environment
from chatdb.repository import catalogue

if TYPE_CHECKING:
    from chatdb.deploy.kubectl import Kubectl
    from constructs_lib.settings import Settings


@click.command()
@context_option
@click.option("--keep-data", is_flag=True, help="Leave namespaces, volume claims and Secrets: deploy again on them.")
@click.option("--argocd", is_flag=True, help="Take away Argo CD, too.")
@click.option("--hosts", is_flag=True, help="Take its host out of /etc/hosts, too; sudo may ask for a password.")
@click.option("--yes", is_flag=True, help="Do not ask before data is deleted.")
@click.option(
    "--timeout", type=click.IntRange(min=1), default=300, show_default=True, metavar="SECONDS",
    help="How long each deletion may take.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Ask no cluster; print the commands.")
@click.pass_obj
@advised
@with_environment
def cleanup(
    _root: Path,
    context: str | None,
    timeout: int,
    settings: "Settings",
    *,
    keep_data: bool,
    argocd: bool,
    hosts: bool,
    yes: bool,
    dry_run: bool,
) -> None:
    """Delete the platform from the cluster, with its data unless told otherwise."""
    from chatdb.deploy.cleanup import Cleanup
    from chatdb.deploy.hosts import as_text, write
    from chatdb.deploy.kubectl import Kubectl
    from chatdb.deploy.target import connect

    children = settings.children(catalogue())
    wanted = Cleanup(settings=settings, children=children, keep_data=keep_data, argocd=argocd, seconds=timeout)
    if dry_run:
        lines = [Kubectl(context).text(*line) for line in wanted.lines()]
        click.echo("\n".join([*lines, *(as_text(settings.host, None) if hosts else ())]))
        return
    kubectl = connect(context)
    wanted.refuse_others(kubectl)
    if not keep_data and not yes:
        _ask(kubectl)
    wanted.run(kubectl, click.echo)
    if hosts:
        write(settings.host, None)
    click.echo(f"the platform is gone from context {kubectl.context}{', its data is kept' if keep_data else ''}")


def _ask(kubectl: "Kubectl") -> None:
    """Name the data that would go."""
    from chatdb.deploy.cleanup import claims

    for claim in claims(kubectl):
        size = claim["spec"]["resources"]["requests"]["storage"]
        click.echo(f"claim {claim['metadata']['namespace']}/{claim['metadata']['name']} ({size})")
    click.confirm(f"Delete the platform from context {kubectl.context}, and all of this data with it?", abort=True)
