"""The commands `chatdb new-environment` and `chatdb remove-environment`."""

from pathlib import Path

import click

from chatdb.cli.common import advised, diff, environment_names, environments
from chatdb.repository import catalogue, platform


@click.command("new-environment")
@click.argument("name", help="Its name: lower-case letters, digits and dashes.")
@click.option(
    "--like", metavar="NAME", shell_complete=environment_names,
    help="Begin with the settings and patches of this environment; without it, with the bases as they are.",
)  # fmt: skip
@click.option("--cluster", metavar="NAME", help="Its cluster: a name that Argo CD knows, or a URL; at first its name.")
@click.option("--trait", "traits", multiple=True, metavar="NAME", help="With this trait; may be given several times.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print the changes as a diff.")
@click.pass_obj
@advised
def new_environment(
    root: Path, name: str, like: str | None, cluster: str | None, traits: tuple[str, ...], *, dry_run: bool
) -> None:
    """Add an environment: its settings and its overlays, and generate it."""
    from chatdb.environments import new_files
    from chatdb.new_service.files import write
    from constructs_lib.gitops.regenerate import regenerate

    every = environments(root, like)
    texts = new_files(root, platform(root), name, like=every[0] if like else None, cluster=cluster, traits=traits)
    if dry_run:
        click.echo(diff(root, texts), nl=False)
        return
    lines = [f"{'changed' if (root / path).exists() else 'wrote'} {path}" for path in texts]
    write(root, texts)
    click.echo("\n".join(lines))
    click.echo("changed: " + ", ".join(regenerate(root, catalogue)))
    click.echo(
        f"next: give it a host in chatdb.yaml, make docs, commit, and make its cluster known to Argo CD; then\n"
        f"chatdb deploy --argocd -e {name}"
    )


@click.command("remove-environment")
@click.argument("name", shell_complete=environment_names, help="An environment of chatdb.yaml, or what is left of one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Remove nothing; print what would be removed.")
@click.pass_obj
@advised
def remove_environment(root: Path, name: str, *, yes: bool, dry_run: bool) -> None:
    """Remove an environment from the repository. Nothing in a cluster is deleted."""
    from chatdb.environments import removal, remove

    changes = removal(root, catalogue(), name)
    for path, text in changes.items():
        click.echo(f"{'remove' if text is None else 'change'} {path}")
    click.echo(
        "in the cluster everything that is deployed stays, with all data: Argo CD reports the missing folder, and\n"
        f"deletes nothing. To delete it, run `chatdb cleanup -e {name}` while the repository still has the environment."
    )
    if dry_run:
        return
    if not yes:
        click.confirm(f"Remove {name} from the repository?", abort=True)
    remove(root, changes)
