"""The command `chatdb images`."""

from pathlib import Path

import click

from chatdb.cli.common import advised, as_json, json_option, show
from chatdb.images import BUILDERS
from chatdb.repository import catalogue, platform


@click.command()
@click.option("--build", is_flag=True, help="Build those of services/, write their tags, and generate with them.")
@click.option("--builder", type=click.Choice(BUILDERS), help="What builds; without it the first of them that answers.")
@click.option("--dry-run", is_flag=True, help="Build nothing; print the commands that would be run.")
@json_option
@click.pass_obj
@advised
def images(root: Path, builder: str | None, *, build: bool, dry_run: bool, json_: bool) -> None:
    """List the images, and which are built from this repository; or build them."""
    if not build and (builder or dry_run):
        raise click.UsageError("--builder and --dry-run go with --build")
    if build and json_:
        raise click.UsageError("--json lists images; leave out --build")
    if build:
        _build(root, builder, dry_run=dry_run)
    else:
        _list(root, json_=json_)


def _list(root: Path, *, json_: bool) -> None:
    entries = platform(root).catalogue
    rows = [(c.name, entries.image(c)) for c in entries.components if c.image]
    if json_:
        listed = [{"component": name, "image": image.reference, "source": image.source} for name, image in rows]
        as_json("images/v1", images=listed)
    else:
        show(("component", "image", "built from"), ((name, i.reference, i.source or "") for name, i in rows))


def _build(root: Path, name: str | None, *, dry_run: bool) -> None:
    from chatdb.images.build import build, planned, unwritten
    from chatdb.images.builders import find
    from constructs_lib.gitops.regenerate import regenerate

    builder = find(name)
    for source in unwritten(root, catalogue()):
        click.echo(f"# {source} is left out: it has no Dockerfile yet")
    if dry_run:
        click.echo("\n".join(planned(root, catalogue(), builder)))
        return
    click.echo("wrote images.yaml" if build(root, catalogue(), builder, click.echo) else "images.yaml is as it was")
    changed = regenerate(root, catalogue)
    click.echo("changed: " + ", ".join(changed) if changed else "nothing else has changed")
