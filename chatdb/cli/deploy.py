"""The command `chatdb deploy`."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, context_option, with_environment
from chatdb.repository import platform

if TYPE_CHECKING:
    from chatdb.deploy.grace import Limits
    from chatdb.deploy.kubectl import Kubectl
    from constructs_lib.settings import Settings


@click.command()
@context_option
@click.option(
    "--timeout", type=click.IntRange(min=1), default=600, show_default=True, metavar="SECONDS",
    help="How long a wave may take.",
)  # fmt: skip
@click.option(
    "--patience", type=click.IntRange(min=0), default=60, show_default=True, metavar="SECONDS",
    help="How long a failure may last, such as an image that can't be pulled, before it is given up.",
)  # fmt: skip
@click.option("--hosts", is_flag=True, help="Write its host into /etc/hosts, too; sudo may ask for a password.")
@click.option("--argocd", is_flag=True, help="Install Argo CD with its gate, and have it deploy what is pushed.")
@click.option(
    "--install", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER",
    help="A folder to install Argo CD from, in place of argocd/install, whose base is remote.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Ask no cluster; print the commands, and what each would apply.")
@click.pass_obj
@advised
@with_environment
def deploy(
    root: Path,
    context: str | None,
    timeout: int,
    patience: int,
    install: Path | None,
    settings: "Settings",
    *,
    argocd: bool,
    hosts: bool,
    dry_run: bool,
) -> None:
    """Apply the environment's tiers, each when the one before is ready, and say why where one is stuck.

    It may be run again at any time: what is there and ready is passed, and it goes on where it stopped.
    """
    from chatdb.deploy.grace import Limits
    from chatdb.deploy.target import connect

    if dry_run:
        lines = [
            *_dry_run(root, settings, context, timeout, install, argocd=argocd),
            *(_hosts_dry_run(settings.host, context) if hosts else ()),
        ]
        click.echo("\n".join(lines))
        return
    kubectl, limits = connect(context), Limits(wave=timeout, grace=patience)
    click.echo(f"deploying {settings.environment} to context {kubectl.context}")
    began = time.monotonic()
    said = (
        _by_argo_cd(root, settings, kubectl, limits, install) if argocd else _by_hand(root, settings, kubectl, limits)
    )
    click.echo(
        f"all is ready after {time.monotonic() - began:.0f} s: {said}; next: chatdb health -e {settings.environment}"
    )
    if hosts:
        _write_hosts(settings.host, str(kubectl.context))


def _dry_run(
    root: Path, settings: "Settings", context: str | None, timeout: int, install: Path | None, *, argocd: bool
) -> Iterator[str]:
    from chatdb.deploy import argo_cd, plan
    from chatdb.deploy.kubectl import Kubectl

    kubectl = Kubectl(context)
    if argocd:
        return argo_cd.as_text(kubectl, settings.environment, str(install or argo_cd.INSTALL), timeout)
    return plan.as_text(plan.plan(root, platform(root), settings), kubectl, timeout)


def _hosts_dry_run(host: str, context: str | None) -> Iterator[str]:
    from chatdb.deploy.hosts import as_text
    from chatdb.deploy.target import MINIKUBE

    return as_text(host, context or MINIKUBE)


def _by_hand(root: Path, settings: "Settings", kubectl: "Kubectl", limits: "Limits") -> str:
    """Deploy, and show it; what was done, in a few words."""
    from rich.console import Console

    from chatdb.deploy.argo_cd import refuse_followed
    from chatdb.deploy.operators import refuse_missing
    from chatdb.deploy.plan import plan
    from chatdb.deploy.rollout import Rollout
    from chatdb.deploy.view import view
    from constructs_lib.resolve import operators, varied

    own = varied(platform(root), settings.traits, settings.options)
    planned = plan(root, own, settings)
    refuse_followed(kubectl, settings)
    refuse_missing(kubectl, operators(platform(root), settings.traits))
    with view(Console()) as tell:
        counts = Rollout(kubectl=kubectl, platform=own, plan=planned, limits=limits, tell=tell).run()
    return ", ".join(f"{counts[word]} {word}" for word in ("created", "changed", "unchanged"))


def _by_argo_cd(root: Path, settings: "Settings", kubectl: "Kubectl", limits: "Limits", install: Path | None) -> str:
    """Have Argo CD deploy, and show its waves; what was done, in a few words."""
    from rich.console import Console

    from chatdb.deploy import argo_cd
    from chatdb.deploy.plan import plan
    from chatdb.deploy.view import view
    from constructs_lib.resolve import operators

    planned = plan(root, platform(root), settings)
    argo_cd.refuse_example(settings)
    folder = install or root / argo_cd.INSTALL
    click.echo(f"installing Argo CD from {install or argo_cd.INSTALL}")
    with view(Console()) as tell:
        following = argo_cd.Following(
            kubectl=kubectl,
            settings=settings,
            plan=planned,
            operators=operators(platform(root), settings.traits),
            limits=limits,
            tell=tell,
        )
        following.install(root, folder)
        kubectl.apply(argo_cd.bootstrap(root, settings.environment))
        following.follow()
    return f"Argo CD follows {settings.repository} at {settings.revision}"


def _write_hosts(host: str, profile: str) -> None:
    """Have this machine find minikube's ingress controller under the environment's host."""
    from chatdb.deploy.hosts import HOSTS, write
    from chatdb.deploy.minikube import address

    ip_address = address(profile)
    said = "is written into" if write(host, ip_address) else "is already in"
    click.echo(f"{host} ({ip_address}) {said} {HOSTS}")
