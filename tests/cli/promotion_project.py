"""A project with two environments that are pinned, for promotions to work on."""

from pathlib import Path
from typing import Any

import yaml

from catalogue.components import CATALOGUE
from chatdb.release import write_pins
from constructs_lib.settings import read_settings
from tests.cli.release_project import commit, git, push
from tests.command import invoke

SOURCE, TARGET = "minikube", "live"
PROMOTE = ("promote", f"--from={SOURCE}", f"--to={TARGET}", "--pins")
SLOWER = "- {op: add, path: /spec/minReadySeconds, value: 1}\n"


def two_released(project: Path) -> None:
    """Pin live to a commit, change it, and pin minikube to the commit with that."""
    invoke("new-environment", TARGET, "--like", SOURCE)
    write_all_pins(project, TARGET, commit(project, "live"))
    edit(project, "overlays/live/core/kustomization.yaml", patch)
    invoke("synth")
    write_all_pins(project, SOURCE, commit(project, "Slow down the model registry"))
    invoke("synth")
    published(project, "pins of minikube")


def write_all_pins(project: Path, environment: str, contents: str) -> None:
    """Pin all tiers; it is not committed yet."""
    write_pins(project, environment, dict.fromkeys(read_settings(project, CATALOGUE, environment).tiers, contents))


def patch(kustomization: dict[str, Any]) -> None:
    """Give a Deployment of core time to become ready."""
    target = {"kind": "Deployment", "name": "model-registry"}
    kustomization.setdefault("patches", []).append({"target": target, "patch": SLOWER})


def edit(project: Path, name: str, change: Any) -> None:
    """Change the content of a YAML file; it is not committed yet."""
    path = project / name
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def pin(project: Path, environment: str) -> str:
    """The one commit that the environment is pinned to."""
    (contents,) = {pin for _, pin in read_settings(project, CATALOGUE, environment).pins}
    return contents


def pin_by_hand(project: Path, environment: str, contents: str, **others: str) -> str:
    """Pin all tiers but those that are given others, in a commit that is pushed; the commit."""
    tiers = read_settings(project, CATALOGUE, environment).tiers
    write_pins(project, environment, dict.fromkeys(tiers, contents) | others)
    return published(project, "pins by hand")


def published(project: Path, message: str) -> str:
    """Commit everything and push it; the commit."""
    contents = commit(project, message)
    push(project)
    return contents


def branch_of(project: Path) -> str:
    """The branch of the promotion."""
    return f"promote/{TARGET}-{pin(project, SOURCE)[:12]}"


def remote(project: Path, branch: str) -> str:
    """The commit that the branch is at in the repository that is pushed to; empty where there is none."""
    return git(project.parent / "work.git", "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
