"""The command `chatdb load`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chatdb.cli.common import advised, as_json, env_file_option, json_option, show
from chatdb.repository import platform

if TYPE_CHECKING:
    from chatdb.loadtest.report import Report, Row

HEADS = ("task", "requests", "refused: queue full", "failures", "p50", "p95", "p99", "req/s")


@click.command()
@click.option(
    "--users", type=click.IntRange(1, 500), default=10, show_default=True, metavar="N",
    help="Users at work; each does something every one to three seconds. At most 500.",
)  # fmt: skip
@click.option(
    "--duration", type=click.IntRange(1, 3600), default=60, show_default=True, metavar="SECONDS",
    help="How long; at most an hour.",
)  # fmt: skip
@click.option("--host", metavar="URL", help="A door of the platform; without it and --context, the local platform.")
@click.option("--context", metavar="NAME", help="The minikube whose ingress is the door: its kubeconfig's context.")
@click.option("--elsewhere", is_flag=True, help="Allow a --host that is not this machine.")
@click.option(
    "--max-failures", type=click.FloatRange(0, 100), default=0.0, show_default=True, metavar="PERCENT",
    help="Goal: no more of the requests may fail.",
)  # fmt: skip
@click.option(
    "--max-p95", type=click.FloatRange(min=1), default=1000.0, show_default=True, metavar="MS",
    help="Goal: 95 of 100 requests are answered within it.",
)  # fmt: skip
@env_file_option
@json_option
@click.pass_obj
@advised
def load(
    root: Path, users: int, duration: int, host: str | None, context: str | None, max_failures: float, max_p95: float,
    env_file: Path, *, elsewhere: bool, json_: bool,
) -> None:  # fmt: skip
    """Let users submit jobs, look at the status page and ask questions, by the file that Locust runs in the cluster.

    A job that a full queue refuses is shown as refused, and is no failure. Exit code 1 where a goal is missed.
    """
    from chatdb.loadtest import locust
    from chatdb.loadtest.report import report
    from chatdb.loadtest.target import target

    if host and context:
        raise click.UsageError("--host and --context are two places: name one")
    with target(platform(root), env_file, host=host, context=context, elsewhere=elsewhere) as url:
        counted = locust.run(root, url, users=users, seconds=duration)
    result = report(counted, duration, most_failures=max_failures, slowest=max_p95)
    if json_:
        as_json("load/v1", users=users, seconds=duration, **result.values())
    else:
        _show(result)
    sys.exit(0 if result.met else 1)


def _show(report: "Report") -> None:
    show(HEADS, [cells(row) for row in (*report.rows, report.total)])
    for failure in report.failures:
        click.echo(f"{failure.count} times {failure.name}: {failure.error}")
    for goal in report.goals:
        click.echo(f"{goal.what}: {goal.figure}, wanted {goal.wanted}: {'met' if goal.met else 'MISSED'}")


def cells(row: "Row") -> list[str]:
    """The row as a table for people has it."""
    from chatdb.loadtest.report import milliseconds

    times = (milliseconds(time) for time in (row.p50, row.p95, row.p99))
    return [row.task, *map(str, (row.requests, row.refused, row.failures)), *times, f"{row.per_minute / 60:.1f}"]
