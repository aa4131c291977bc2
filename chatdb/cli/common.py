"""What the commands have in common: advice instead of tracebacks, tables for people, JSON for programs."""

import functools
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from chatdb.repository import ROOT, catalogue
from chatdb.schemas import document
from constructs_lib.problem import InvalidInput

if TYPE_CHECKING:
    from constructs_lib.settings import Settings

ENV_FILE = ".tools/local.env"


def environment_names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The environments that begin with what is typed; none where they cannot be read."""
    try:
        names = sorted(one.environment for one in environments(ROOT, None))
    except InvalidInput:
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


context_option = click.option(
    "--context", metavar="NAME", help="The kubeconfig's context; without it, the current one if it is on this machine."
)
env_file_option = click.option(
    "--env-file", type=click.Path(dir_okay=False, path_type=Path), envvar="CHATDB_ENV_FILE", default=ROOT / ENV_FILE,
    show_default=ENV_FILE, show_envvar=True, help="Where a local platform writes its addresses and keys, for a shell.",
)  # fmt: skip
environment_option = click.option(
    "-e", "--environment", metavar="NAME", shell_complete=environment_names,
    help="An environment of chatdb.yaml; without it, all.",
)  # fmt: skip
variant_option = click.option(
    "-e", "--environment", metavar="NAME", shell_complete=environment_names,
    help="An environment of chatdb.yaml, with its traits and tiers; without it, what all are made of.",
)  # fmt: skip
one_environment_option = click.option(
    "-e", "--environment", metavar="NAME", shell_complete=environment_names, envvar="CHATDB_ENVIRONMENT",
    show_envvar=True, help="An environment of chatdb.yaml; may be left out where there is only one.",
)  # fmt: skip
json_option = click.option("--json", "json_", is_flag=True, help="Print JSON for programs; docs/json.md describes it.")
offline_option = click.option(
    "--offline", is_flag=True, help="Do not ask the repository whether it contains the commit that is pinned."
)


def with_environment(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command `settings`: those of the environment that is named, or of the only one."""

    @one_environment_option
    @functools.wraps(command)
    def wrapped(root: Path, *arguments: Any, environment: str | None, **options: Any) -> None:
        command(root, *arguments, settings=one_environment(root, environment), **options)

    return wrapped


def one_environment(root: Path, environment: str | None) -> "Settings":
    """The settings of the environment that is named, or of the only one; InvalidInput where they are wrong."""
    chosen = environments(root, environment)
    if len(chosen) != 1:
        names = ", ".join(one.environment for one in chosen)
        raise click.UsageError(f"there are {len(chosen)} environments; choose one of them with -e: {names}")
    return chosen[0]


def environments(root: Path, environment: str | None) -> "tuple[Settings, ...]":
    """The settings of the environment that is named, or of all; InvalidInput where they are wrong."""
    from constructs_lib.settings import read_environments

    every = read_environments(root, catalogue())
    chosen = tuple(one for one in every if environment in (None, one.environment))
    if not chosen:
        names = ", ".join(one.environment for one in every)
        raise click.UsageError(f"unknown environment {environment!r}. Use one of: {names}")
    return chosen


def advised(command: Callable[..., None]) -> Callable[..., None]:
    """Print every problem of a wrong input, without a traceback, and exit with 1."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except InvalidInput as error:
            click.echo(str(error), err=True)
            sys.exit(1)

    return wrapped


def as_json(schema: str, **values: Any) -> None:
    """Print values for programs, with the name of the schema in docs/schemas that they keep to."""
    click.echo(json.dumps(document(schema, **values), indent=2, sort_keys=True))


def diff(root: Path, texts: Mapping[str, str]) -> str:
    """What would change, where each file of the repository had the text that is given for its path."""
    lines: list[str] = []
    for path, text in texts.items():
        there = (root / path).exists()
        old = (root / path).read_text(encoding="utf-8") if there else ""
        names = (f"a/{path}" if there else "/dev/null", f"b/{path}")
        lines += unified_diff(old.splitlines(keepends=True), text.splitlines(keepends=True), *names)
    return "".join(lines)


def show(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table for people; a pipe gets it in full width."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*heads)
    for row in rows:
        table.add_row(*row)
    console = Console() if sys.stdout.isatty() else Console(width=160)
    console.print(table)
