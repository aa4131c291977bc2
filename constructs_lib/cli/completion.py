"""The command `chatdb completion`, and the words that the shell completes."""

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ZshComplete

from constructs_lib.catalogue.load import CATALOGUE

SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
VARIABLE = "_CHATDB_COMPLETE"


def component_names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The components that begin with what is typed."""
    found = sorted(component.name for component in CATALOGUE.components)
    return [CompletionItem(name) for name in found if name.startswith(incomplete)]


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)), help="The shell that is to complete.")
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options and names in SHELL.

    For bash: eval "$(chatdb completion bash)" in ~/.bashrc.
    """
    click.echo(SHELLS[shell](context.find_root().command, {}, "chatdb", VARIABLE).source())
