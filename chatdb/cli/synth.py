"""The command `chatdb synth`."""

import sys
from pathlib import Path

import click

from chatdb.cli.common import advised, as_json, environment_option, environments, json_option
from chatdb.repository import catalogue


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail where a generated file is not what the code gives.")
@environment_option
@json_option
@click.pass_obj
@advised
def synth(root: Path, environment: str | None, *, check: bool, json_: bool) -> None:
    """Write dist/, argocd/<env>/ and the generated files of overlays/<env>/, for all environments or for one."""
    from constructs_lib.gitops.regenerate import regenerate, stale

    if environment is not None:
        environments(root, environment)
    changed = (stale if check else regenerate)(root, catalogue, environment)
    _report(changed, check=check, json_=json_)


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
