"""The commands `chatdb local`: the platform on this machine, without containers."""

import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, env_file_option
from chatdb.repository import platform

if TYPE_CHECKING:
    from chatdb.local.faults import Faults
    from chatdb.local.platform import Platform

CHECK_SECONDS = 0.5


class Ended(Exception):
    """Somebody has asked for the end: Ctrl-C or SIGTERM."""


@click.group()
def local() -> None:
    """Run the platform on this machine: real PostgreSQL, Kafka and S3, and the five services."""


@local.command()
@env_file_option
@click.option("--faults", is_flag=True, help="Let `chatdb chaos` break it: services reach what they need by proxies.")
@click.pass_obj
@advised
def up(root: Path, env_file: Path, *, faults: bool) -> None:
    """Start everything in order, and keep it until Ctrl-C or SIGTERM; then nothing of it is left."""
    from chatdb.local.platform import unwritten
    from constructs_lib.files import exclusive

    for name in unwritten(platform(root), root):
        click.echo(f"{name} is left out: services/{name} has no program yet")
    with (
        exclusive(env_file.with_suffix(".lock"), seconds=1),
        _until_asked(),
        _made(root, faults=faults) as (local_platform, line),
    ):
        begin = time.monotonic()
        try:
            _start(local_platform)
            _tell(local_platform, line, env_file, time.monotonic() - begin)
            while True:
                local_platform.check(line.spared if line else ())
                line.serve(CHECK_SECONDS) if line else time.sleep(CHECK_SECONDS)
        finally:
            env_file.unlink(missing_ok=True)


@contextmanager
def _made(root: Path, *, faults: bool) -> "Iterator[tuple[Platform, Faults | None]]":
    """The platform, and with `faults` the line by which it is broken."""
    from chatdb.local.faults import with_faults
    from chatdb.local.platform import platform as processes

    if faults:
        with with_faults(platform(root), root) as (local_platform, line):
            yield local_platform, line
    else:
        with processes(platform(root), root) as local_platform:
            yield local_platform, None


def _start(local_platform: "Platform") -> None:
    """Start all, with a line for each part that is ready, and on a terminal with what is waited for."""
    from rich.console import Console

    console = Console()
    begin = time.monotonic()
    with console.status("") as status:

        def tell(ready: str, waiting: tuple[str, ...]) -> None:
            console.print(f"{time.monotonic() - begin:5.1f} s  {ready} is ready", highlight=False)
            status.update("waiting for " + ", ".join(waiting))

        local_platform.start_in_order(tell)


def _tell(local_platform: "Platform", line: "Faults | None", env_file: Path, seconds: float) -> None:
    """Say where everything is."""
    from chatdb.local.addresses import addresses, shell_exports
    from chatdb.local.faults import VARIABLE

    env_file.parent.mkdir(parents=True, exist_ok=True)
    env_file.touch(mode=0o600)
    text = shell_exports(local_platform.site) + (f"export {VARIABLE}={shlex.quote(str(line.path))}\n" if line else "")
    env_file.write_text(text, encoding="utf-8")
    for name, address in addresses(local_platform.site).items():
        click.echo(f"{name:30}{address}")
    click.echo(f"ready after {seconds:.0f} s; in another shell: source {_short(env_file)}; Ctrl-C ends it")


def _short(path: Path) -> Path:
    """The path as somebody in this folder would write it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


@contextmanager
def _until_asked() -> Iterator[None]:
    """The body ends quietly when it is asked to; while it cleans up it is not asked again."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        raise Ended

    before = {one: signal.signal(one, ask) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Ended:
        click.echo("ended", err=True)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
