"""The command `chatdb completion`, and the words that the shell completes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ZshComplete

from chatdb.repository import catalogue
from constructs_lib.problem import InvalidInput

if TYPE_CHECKING:
    from constructs_lib.model import Component

SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
VARIABLE = "_CHATDB_COMPLETE"


def component_names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The components that begin with what is typed."""
    return matching((component.name for component in components()), incomplete)


def components() -> "tuple[Component, ...]":
    """The entries; none where they cannot be read: completion has nowhere to say so."""
    try:
        return catalogue().components
    except InvalidInput:
        return ()


def matching(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """Those that begin with what is typed, sorted."""
    return [CompletionItem(word) for word in sorted(words) if word.startswith(incomplete)]


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)), help="The shell that is to complete.")
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options and names in SHELL.

    For bash: eval "$(chatdb completion bash)" in ~/.bashrc.
    """
    click.echo(SHELLS[shell](context.find_root().command, {}, "chatdb", VARIABLE).source())
