"""The command `chatdb plan`."""

import sys
from pathlib import Path

import click

from chatdb.cli.common import advised, as_json, environment_option, environments, json_option
from chatdb.schemas import PLAN

NOTHING, CHANGES, BLOCKED = 0, 3, 4


@click.command()
@click.option(
    "--base", metavar="REV",
    help="The commit to compare with; without it, where HEAD has left the branch that is deployed.",
)  # fmt: skip
@environment_option
@click.option("--markdown", is_flag=True, help="Print Markdown, for a comment on a pull request.")
@json_option
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 3 where something changes, with 4 where a risk blocks."
)
@click.option("--accept", "id_", metavar="ID", help="Accept a blocking risk: note it in plan.accept.yaml.")
@click.option("--reason", help="Why the risk is acceptable; asked for where it is not given.")
@click.pass_obj
@advised
def plan(
    root: Path,
    base: str | None,
    environment: str | None,
    id_: str | None,
    reason: str | None,
    *,
    markdown: bool,
    json_: bool,
    detailed_exitcode: bool,
) -> None:
    """Show what merging the working tree changes in each environment, and the risks of it.

    Compares the objects of the commit --base, as they are committed there, with those that `chatdb synth` would write
    now. Asks no cluster, and changes nothing; --accept alone writes a file.
    """
    from chatdb.plan import accepted, views
    from chatdb.plan.plan import base_commit, plans, removed

    if markdown and json_:
        raise click.UsageError("--markdown and --json exclude each other")
    chosen = environments(root, environment)
    start = base_commit(root, base, chosen[0].revision)
    made = plans(root, chosen, start)
    gone = [] if environment else removed(root, start)
    if id_ is not None:
        owner = next((one for one in made if any(note.id == id_ for note in one.notes)), made[0])
        accepted.accept(root, owner.environment, owner.notes, id_, reason or click.prompt("Reason"))
        click.echo(f"accepted {id_} of {owner.environment} in {accepted.FILE}; commit it with the change")
        return
    if json_:
        as_json(PLAN, base=start, environments=[views.as_data(one) for one in made], removed=gone)
    elif markdown:
        click.echo(views.as_markdown(made, gone))
    else:
        click.echo(f"from {start[:12]} to the working tree")
        for one in made:
            click.echo()
            for line in views.as_text(one):
                click.echo(line)
        for name in gone:
            click.echo(f"\n{views.removal(name)}")
    if detailed_exitcode:
        changed = gone or any(one.changes for one in made)
        sys.exit(BLOCKED if any(one.blocks for one in made) else CHANGES if changed else NOTHING)
