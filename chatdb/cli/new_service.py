"""The command `chatdb new-service`."""

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from catalogue.tiers import Tier
from chatdb.cli.common import advised, diff
from chatdb.cli.completion import components, matching
from chatdb.repository import catalogue


def _tiers(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return matching(map(str, Tier), incomplete)


def _ports(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return matching((f"{one.name}:{port.name}" for one in components() for port in one.ports), incomplete)


@click.command("new-service")
@click.argument("name", help="Its name: lower-case letters, digits and dashes.")
@click.option("--tier", default=str(Tier.PROCESSING), show_default=True, shell_complete=_tiers, help="Where it starts.")
@click.option("--port", type=int, help="Its HTTP port; without it, the next free one from 8005 on.")
@click.option(
    "--needs",
    multiple=True,
    metavar="COMPONENT:PORT",
    shell_complete=_ports,
    help="What has to be up before it starts, such as kafka:kafka; may be given several times.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; print the changes as a diff.")
@click.pass_obj
@advised
def new_service(root: Path, name: str, tier: str, port: int | None, needs: tuple[str, ...], *, dry_run: bool) -> None:
    """Add a service: entry, image, patch, folder and tests."""
    from chatdb.new_service.files import changes, write
    from chatdb.new_service.request import Request

    texts = changes(root, catalogue(), Request(name=name, tier=tier, port=port, needs=needs))
    if dry_run:
        click.echo(diff(root, texts), nl=False)
        return
    lines = [f"{'changed' if (root / path).exists() else 'wrote'} {path}" for path in texts]
    write(root, texts)
    click.echo("\n".join([*lines, "now run: chatdb synth && make docs"]))
