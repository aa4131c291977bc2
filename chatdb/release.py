"""A release: every tier is held at one commit, so that updates roll through the waves in order."""

import subprocess
from pathlib import Path

from constructs_lib import manifest_yaml
from constructs_lib.files import write_by_rename
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.settings import Settings, pins_path

HEADER = "# Written by `chatdb release`: the commit that each tier's Application is held at.\n"
SECONDS = 60


def git(root: Path, *arguments: str) -> str:
    """Run git; InvalidInput with its own words where it fails."""
    done = subprocess.run(
        ["git", "-C", str(root), *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise InvalidInput(
            [
                Problem(
                    f"git {arguments[0]}",
                    done.stderr.strip() or "failed",
                    "fix it and release again",
                )
            ]
        )
    return done.stdout.strip()


def contents_commit(root: Path) -> str:
    """The commit to release: HEAD, which must hold everything; InvalidInput where something is not committed."""
    if git(root, "status", "--porcelain"):
        raise InvalidInput(
            [
                Problem(
                    "git",
                    "there are changes that are not committed",
                    "commit them first",
                )
            ]
        )
    return git(root, "rev-parse", "HEAD")


def write_pins(root: Path, settings: Settings, commit: str) -> Path:
    """Pin every tier of the environment to the commit."""
    path = pins_path(root, settings.environment)
    write_by_rename(path, HEADER + manifest_yaml.dump([{str(tier): commit for tier in sorted(settings.tiers)}]))
    return path


def commit_pins(root: Path, settings: Settings, commit: str) -> None:
    """Commit the pins and the Applications that were generated with them, and nothing else."""
    paths = [f"pins/{settings.environment}.yaml", f"argocd/{settings.environment}"]
    git(root, "add", "--", *paths)
    git(
        root,
        "commit",
        "--quiet",
        "--message",
        f"Release {commit[:12]} to {settings.environment}",
        "--",
        *paths,
    )
