"""The command `chatdb images`."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, as_json, environment_option, json_option, one_environment, show
from chatdb.images import BUILDERS, PUSHERS
from chatdb.repository import catalogue, platform, platform_of
from chatdb.schemas import IMAGES

if TYPE_CHECKING:
    from chatdb.images.builders import Builder


@click.command()
@click.option("--build", is_flag=True, help="Build those of services/, write their tags, and generate with them.")
@click.option("--push", is_flag=True, help="Push them to the environment's registry, and write the digests it has.")
@click.option("--verify", is_flag=True, help="Ask the environment's registry for each; exit with 1 if one is missing.")
@click.option(
    "--builder", type=click.Choice(BUILDERS), help="What builds and pushes; without it the first that answers."
)
@click.option("--dry-run", is_flag=True, help="Build nothing; print the commands that would be run.")
@environment_option
@json_option
@click.pass_obj
@advised
def images(
    root: Path, builder: str | None, environment: str | None, *, build: bool, push: bool, verify: bool, **flags: bool
) -> None:
    """List the images, and which are built from this repository; or build, push or verify these.

    With -e, the list has those that this environment runs, under the names by which it pulls them.
    """
    dry_run, json_ = flags["dry_run"], flags["json_"]
    _check_usage(builder, environment, build=build, push=push, verify=verify, **flags)
    if verify:
        _verify(root, environment, json_=json_)
    elif build or push:
        _make(root, builder, environment, build=build, push=push, dry_run=dry_run)
    else:
        _list(root, environment, json_=json_)


def _check_usage(builder: str | None, environment: str | None, **given: bool) -> None:
    build, push, verify = given["build"], given["push"], given["verify"]
    if verify and (build or push):
        raise click.UsageError("--verify only asks the registry; leave out --build and --push")
    if builder and not build and not push:
        raise click.UsageError("--builder goes with --build and --push")
    if given["dry_run"] and (push or not build):
        raise click.UsageError("--dry-run goes with --build, and without --push")
    if (build or push) and given["json_"]:
        raise click.UsageError("--json lists and verifies images; leave out --build and --push")
    if build and not push and environment:
        raise click.UsageError("all environments have the same images; leave out -e, or add --push")
    if push and builder and builder not in PUSHERS:
        fix = " or ".join(f"--builder {name}" for name in PUSHERS)
        raise click.UsageError(f"{builder} cannot push, as its images stay inside of it; use {fix}")


def _list(root: Path, environment: str | None, *, json_: bool) -> None:
    from chatdb.images.listing import listed

    settings = one_environment(root, environment) if environment else None
    entries = (platform_of(platform(root), settings) if settings else platform(root)).catalogue
    rows = listed(root, entries, settings, settings.tiers if settings else entries.tiers)
    if json_:
        as_json(IMAGES, images=[asdict(row) for row in rows])
    else:
        heads = ("component", "image", "built from", "made")
        show(heads, ((row.component, row.image, row.source or "", row.made or "unknown") for row in rows))


def _make(root: Path, name: str | None, environment: str | None, *, build: bool, push: bool, dry_run: bool) -> None:
    from chatdb.images.builders import answering, find
    from chatdb.images.push import check_registry
    from chatdb.images.push import push as push_images

    settings = one_environment(root, environment) if push else None
    if settings:
        check_registry(settings)
    builders = [find(name, PUSHERS if push else BUILDERS)] if build else list(answering(name, PUSHERS))
    if build:
        _build(root, builders[0], dry_run=dry_run)
    if settings:
        _generate(root, written=push_images(root, catalogue(), settings, builders, click.echo))


def _build(root: Path, builder: "Builder", *, dry_run: bool) -> None:
    from chatdb.images.build import build, planned, unwritten

    for source in unwritten(root, catalogue()):
        click.echo(f"# {source} is left out: it has no Dockerfile yet")
    if dry_run:
        click.echo("\n".join(planned(root, catalogue(), builder)))
    else:
        _generate(root, written=build(root, catalogue(), builder, click.echo))


def _generate(root: Path, *, written: bool) -> None:
    from constructs_lib.gitops.regenerate import regenerate

    click.echo("wrote images.yaml" if written else "images.yaml is as it was")
    changed = regenerate(root, catalogue)
    click.echo("changed: " + ", ".join(changed) if changed else "nothing else has changed")


def _verify(root: Path, environment: str | None, *, json_: bool) -> None:
    from chatdb.images.push import images_of
    from chatdb.images.verify import values, verify

    settings = one_environment(root, environment)
    verified = verify(images_of(root, catalogue(), settings), settings.environment)
    problems = [problem for _, of_image in verified for problem in of_image]
    if json_:
        as_json("images-verify/v1", **values(settings, verified))
    else:
        for problem in problems:
            click.echo(str(problem))
        click.echo(f"{settings.registry}: {len(verified)} images, {len(problems)} findings")
    sys.exit(1 if problems else 0)
