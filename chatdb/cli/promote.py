"""The command `chatdb promote`."""

from pathlib import Path

import click

from chatdb.cli.common import advised, context_option, environment_names, environments, offline_option


@click.command()
@click.option(
    "--from", "source", required=True, metavar="NAME", shell_complete=environment_names,
    help="The environment that runs the commit.",
)  # fmt: skip
@click.option(
    "--to", "target", required=True, metavar="NAME", shell_complete=environment_names,
    help="The environment that is pinned to it.",
)  # fmt: skip
@context_option
@click.option(
    "--pins", is_flag=True, help="Take the commit from pins/<from>.yaml; ask no cluster whether it is Healthy."
)
@offline_option
@click.option("--dry-run", is_flag=True, help="Commit nothing; print what would change.")
@click.option("--push", is_flag=True, help="Push the branch to `repository`, for a pull request.")
@click.pass_obj
@advised
def promote(
    root: Path,
    source: str,
    target: str,
    context: str | None,
    *,
    pins: bool,
    offline: bool,
    dry_run: bool,
    push: bool,
) -> None:
    """Pin an environment to the commit that another one runs, Synced and Healthy, on a branch of its own.

    Nothing is built again: the committed files of that commit are what is deployed. HEAD, index and files stay as they
    are.
    """
    from chatdb.deploy.proven import pinned, proven
    from chatdb.deploy.target import connect
    from chatdb.promotion import promote as promote_commit

    (of_source,), (of_target,) = environments(root, source), environments(root, target)
    if source == target:
        raise click.UsageError(f"--from and --to are both {source}. Name two environments")
    contents = pinned(of_source) if pins else proven(connect(context), of_source)
    if pins:
        click.echo(f"not verified: whether {source} is Healthy on {contents[:12]}", err=True)
    if offline:
        click.echo(f"not verified: whether {of_target.repository} contains {contents[:12]}", err=True)
    promote_commit(root, of_source, of_target, contents, offline=offline, dry_run=dry_run, push=push, tell=click.echo)
