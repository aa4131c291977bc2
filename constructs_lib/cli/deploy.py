"""The command `chatdb deploy`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from constructs_lib.catalogue.load import CATALOGUE
from constructs_lib.cli.common import advised, context_option

if TYPE_CHECKING:
    from constructs_lib.deploy.kubectl import Kubectl
    from constructs_lib.deploy.plan import Plan
    from constructs_lib.deploy.rollout import Limits


@click.command()
@context_option
@click.option(
    "--timeout", type=click.IntRange(min=1), default=600, show_default=True, metavar="SECONDS",
    help="How long a wave may take.",
)  # fmt: skip
@click.option(
    "--patience", type=click.IntRange(min=0), default=60, show_default=True, metavar="SECONDS",
    help="How long a trouble may last, such as an image that can't be pulled, before it is given up.",
)  # fmt: skip
@click.option("--hosts", is_flag=True, help="Write chatdb.local into /etc/hosts, too; sudo may ask for a password.")
@click.option("--dry-run", is_flag=True, help="Ask no cluster; print the commands, and what each would apply.")
@click.pass_obj
@advised
def deploy(root: Path, context: str | None, timeout: int, patience: int, *, hosts: bool, dry_run: bool) -> None:
    """Apply the environment's tiers, each when the one before is ready, and say why where one is stuck.

    It may be run again at any time: what is there and ready is passed, and it goes on where it stopped.
    """
    from constructs_lib.deploy.kubectl import Kubectl
    from constructs_lib.deploy.plan import as_text, plan
    from constructs_lib.deploy.rollout import Limits
    from constructs_lib.deploy.target import connect

    planned = plan(root, CATALOGUE)
    if dry_run:
        click.echo("\n".join(as_text(planned, Kubectl(context), timeout)))
        return
    kubectl = connect(context)
    _run(kubectl, planned, Limits(wave=timeout, trouble=patience))
    if hosts:
        _write_hosts(str(kubectl.context))


def _run(kubectl: "Kubectl", planned: "Plan", limits: "Limits") -> None:
    """Deploy, and show it."""
    from rich.console import Console

    from constructs_lib.deploy.rollout import Rollout
    from constructs_lib.deploy.view import view

    click.echo(f"deploying to context {kubectl.context}")
    began = time.monotonic()
    with view(Console()) as tell:
        counts = Rollout(kubectl=kubectl, catalogue=CATALOGUE, plan=planned, limits=limits, tell=tell).run()
    said = ", ".join(f"{counts[word]} {word}" for word in ("created", "changed", "unchanged"))
    click.echo(f"all is ready after {time.monotonic() - began:.0f} s: {said}; next: chatdb health")


def _write_hosts(profile: str) -> None:
    """Have this machine find minikube's ingress controller under the platform's name."""
    from constructs_lib.deploy.hosts import HOST, HOSTS, write
    from constructs_lib.deploy.minikube import address

    found = address(profile)
    said = "is written into" if write(found) else "is already in"
    click.echo(f"{HOST} ({found}) {said} {HOSTS}")
