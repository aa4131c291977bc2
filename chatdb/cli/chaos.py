"""The commands `chatdb chaos`: experiments on the platform of `chatdb local up --faults`."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, as_json, env_file_option, json_option, show
from chatdb.repository import platform

if TYPE_CHECKING:
    from chatdb.chaos.experiments import Experiment
    from chatdb.chaos.run import Outcome


@click.group()
def chaos() -> None:
    """Cut edges and kill components of the local platform, and see who notices and that all comes back.

    In the cluster chaoskube kills pods: docs/chaos.md.
    """


@chaos.command("list")
@json_option
@click.pass_obj
@advised
def list_(root: Path, *, json_: bool) -> None:
    """Show every experiment: its id, what is broken, and who is expected not to be ready meanwhile."""
    from chatdb.chaos.experiments import experiments

    possible = experiments(platform(root), root)
    if json_:
        rows = [{"id": one.id, "what": one.what, "expected": list(one.expected)} for one in possible]
        as_json("chaos-list/v1", experiments=rows)
    else:
        show(("id", "what", "not ready meanwhile"), ((o.id, o.what, _names(o.expected)) for o in possible))


@chaos.command()
@click.option("--only", multiple=True, metavar="ID", help="This experiment; may be given several times.")
@click.option("--seed", type=int, metavar="N", help="An order drawn from it; without it, as `list` shows them.")
@env_file_option
@json_option
@click.pass_obj
@advised
def run(root: Path, only: tuple[str, ...], seed: int | None, env_file: Path, *, json_: bool) -> None:
    """Play experiments on the platform that `chatdb local up --faults` runs in another shell.

    Before and after each, all services are ready, and a user's way through them is open. What is broken is whole
    again also when this command is killed. Exit code 1 where something was not as expected.
    """
    from chatdb.chaos.experiments import chosen, experiments

    some = chosen(experiments(platform(root), root), only, seed)
    done = []
    for outcome in _outcomes(root, some, env_file):
        done.append(outcome)
        if not json_:
            back = "not ready again" if outcome.back is None else f"ready again after {outcome.back / 1000:.1f} s"
            seen = f"not ready: {_names(outcome.seen)}, expected: {_names(outcome.expected)}"
            click.echo(f"{outcome.id}: {back}; {seen}{''.join(f'; {problem}' for problem in outcome.problems)}")
    unplayed = [one.id for one in some[len(done) :]]
    good = not unplayed and not any(outcome.problems for outcome in done)
    if json_:
        as_json("chaos-run/v1", good=good, outcomes=[asdict(one) for one in done], not_played=unplayed)
    elif unplayed:
        click.echo(f"not played, as the platform is not steady: {_names(unplayed)}")
    sys.exit(0 if good else 1)


def _outcomes(root: Path, some: "list[Experiment]", env_file: Path) -> "Iterator[Outcome]":
    from chatdb.chaos.run import Limits, play, services
    from chatdb.local.addresses import read_exports
    from chatdb.local.faults import VARIABLE, broken
    from constructs_lib.problem import InvalidInput, Problem

    told = read_exports(env_file)
    if VARIABLE not in told:
        fix = "end it, and run `chatdb local up --faults`"
        raise InvalidInput([Problem("local", "the platform that runs takes no faults", fix)])
    line = Path(told[VARIABLE])
    yield from play(some, services(platform(root), told), lambda one: broken(line, one.kind, one.name), Limits())


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
