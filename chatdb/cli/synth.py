"""The command `chatdb synth`."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import click

from chatdb.cli.common import advised, as_json, environment_option, environments, json_option
from chatdb.repository import catalogue
from constructs_lib.command import COMMAND


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail where a generated file is not what the code gives.")
@click.option("--watch", is_flag=True, help="Do it again whenever an input is saved, until Ctrl-C.")
@environment_option
@json_option
@click.pass_obj
@advised
def synth(root: Path, environment: str | None, *, check: bool, watch: bool, json_: bool) -> None:
    """Write dist/, argocd/<env>/ and the generated files of overlays/<env>/, for all environments or for one."""
    if watch:
        _watch(root, environment, check=check, json_=json_)
    from constructs_lib.gitops.regenerate import regenerate, stale

    # Settings are read only where there is something to do.
    if environment is not None and not (root / "argocd" / environment).is_dir():
        environments(root, environment)
    changed = (stale if check else regenerate)(root, catalogue, environment)
    _report(changed, check=check, json_=json_)


def _watch(root: Path, environment: str | None, *, check: bool, json_: bool) -> NoReturn:
    """Run the command for each change, in a process of its own: whatever is broken then, this one has been read."""
    import subprocess

    from chatdb.watch import saved

    command = [sys.executable, "-O", "-m", COMMAND, "synth", *(["-e", environment] if environment else [])]
    command += [f"--{name}" for name, wanted in {"check": check, "json": json_}.items() if wanted]
    with suppress(KeyboardInterrupt):
        for names in saved(root):
            if names:
                click.echo(f"saved: {', '.join(names)}", err=True)
            subprocess.run(command, check=False)
    sys.exit(0)


def _report(changed: tuple[str, ...], *, check: bool, json_: bool) -> None:
    """Say what was written, or what is stale; the latter is a failure."""
    if json_:
        as_json("synth/v1", check=check, changed=changed)
    elif check:
        for path in changed:
            click.echo(f"{path}: not what the code gives; run `chatdb synth` and commit", err=True)
    else:
        click.echo("changed: " + ", ".join(changed) if changed else "nothing has changed")
    sys.exit(1 if check and changed else 0)
