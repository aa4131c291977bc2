"""`chatdb promote` on real git repositories: a branch with the pins and Applications, or nothing changes."""

import json
import os
import stat
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue.components import CATALOGUE
from chatdb import release as releases
from chatdb.deploy.objects import Manifest
from constructs_lib.files import exclusive
from constructs_lib.settings import read_settings
from tests.cli.promotion_project import (
    PROMOTE,
    SOURCE,
    TARGET,
    branch_of,
    edit,
    patch,
    pin,
    pin_by_hand,
    published,
    remote,
    write_all_pins,
)
from tests.cli.release_project import commit, git, refused, state, work_on
from tests.command import invoke


def head(project: Path) -> str:
    """The commit HEAD."""
    return git(project, "rev-parse", "HEAD")


def merge(project: Path) -> None:
    """Merge the branch of the promotion, as a pull request is, and push."""
    git(project, "merge", "--quiet", "--no-ff", "--message=Merge the promotion", branch_of(project))
    published(project, "after the promotion")


def test_promotion_then_rollback(promotable: Path) -> None:
    """The commit that staging has is what live gets, on a branch; merged, it is rolled back as a release is."""
    before, proven, base = pin(promotable, TARGET), pin(promotable, SOURCE), head(promotable)
    (promotable / "staged").write_text("staged")
    git(promotable, "add", "staged")
    (promotable / "staged").write_text("edited again")
    untouched = state(promotable)
    lines = invoke(*PROMOTE).splitlines()
    assert lines[1] == f"every tier of live: {before[:12]} -> {proven[:12]}"
    assert lines[2].endswith(" Slow down the model registry")
    assert lines[3] == "live: 2 changed, 1 run again"
    assert "  ~ Deployment chatdb-services/model-registry" in lines
    assert [line for line in lines if line.startswith("      spec.minReadySeconds: ")]
    branch = branch_of(promotable)
    tip = git(promotable, "rev-parse", branch)
    assert git(promotable, "log", "-1", "--format=%P %B", branch) == (
        f"{base} Release {proven[:12]} to live\n\nPromoted from minikube."
    )
    changed = git(promotable, "diff", "--name-only", "HEAD", branch).splitlines()
    assert {name.rpartition("/")[0] for name in changed} == {"pins", "argocd/live/apps"}
    assert state(promotable)[2:] == untouched[2:]
    assert head(promotable) == base
    main = remote(promotable, "main")
    assert f"pushed branch {branch} to https://git.example/chatdb.git" in invoke(*PROMOTE, "--push")
    assert git(promotable, "rev-parse", branch) == tip == remote(promotable, branch)
    assert remote(promotable, "main") == main
    git(promotable, "rm", "--force", "--quiet", "staged")
    merge(promotable)
    assert pin(promotable, TARGET) == proven
    released = yaml.safe_load((promotable / "argocd/live/apps/released.yaml").read_text())
    assert {*released["data"].values()} == {proven}
    assert invoke("synth", "--check") == ""
    assert f"every tier of live is pinned to {proven[:12]} already" in invoke(*PROMOTE)
    assert before[:12] in invoke("rollback", "-e", TARGET)
    assert pin(promotable, TARGET) == before


def test_first_promotion(promotable: Path) -> None:
    """An environment that tracks the branch is pinned by its first promotion."""
    (promotable / "pins/live.yaml").unlink()
    invoke("synth")
    published(promotable, "live tracks the branch")
    proven = pin(promotable, SOURCE)
    assert f"every tier of live: main -> {proven[:12]}\nlive: nothing changes\n" in invoke(*PROMOTE)
    git(promotable, "merge", "--quiet", branch_of(promotable))
    assert pin(promotable, TARGET) == proven


def unpublished(project: Path) -> None:
    """HEAD is in no branch of the repository."""
    commit(project, "mine")


def behind(project: Path) -> None:
    """Staging runs a commit that was pushed by others."""
    contents = published(project, "of others")
    git(project, "reset", "--quiet", "--hard", "HEAD~1")
    write_all_pins(project, SOURCE, contents)
    git(project, "commit", "--quiet", "--all", "--message=pins of others")
    git(project, "push", "--quiet", "--force", "https://git.example/chatdb.git", "HEAD:main")


def older(project: Path) -> None:
    """The environment live has gone on, and staging has not."""
    first = pin(project, TARGET)
    pin_by_hand(project, TARGET, pin(project, SOURCE))
    pin_by_hand(project, SOURCE, first)


def never_released(project: Path) -> None:
    """Staging tracks the branch."""
    (project / "pins/minikube.yaml").unlink()
    published(project, "without pins")


def different_commits(project: Path) -> None:
    """Somebody has pinned a tier of staging to another commit."""
    pin_by_hand(project, SOURCE, pin(project, SOURCE), core=pin(project, TARGET))


def fewer_tiers(project: Path) -> None:
    """Staging has no tests."""
    edit(project, "chatdb.yaml", lambda content: content["environments"][SOURCE]["tiers"].remove("testing"))
    published(project, "staging without tests")


def not_there_yet(project: Path) -> None:
    """Staging runs a commit in which the environment live does not exist."""
    (project / "pins/live.yaml").unlink()
    pin_by_hand(project, SOURCE, git(project, "rev-list", "--max-parents=0", "HEAD"))


def stale(project: Path) -> None:
    """In the commit that staging runs, a generated file of live is not what the code gives."""
    path = project / "argocd/live/apps/core.yaml"
    text = path.read_text()
    path.write_text(f"# edited\n{text}")
    contents = published(project, "stale")
    path.write_text(text)
    pin_by_hand(project, SOURCE, contents)


def stale_here(project: Path) -> None:
    """In HEAD, a generated file of live is not what the code gives."""
    path = project / "argocd/live/apps/core.yaml"
    path.write_text(f"# edited\n{path.read_text()}")
    published(project, "stale")


def finding(project: Path) -> None:
    """In the commit that staging runs, a rule finds something in live."""
    path = "overlays/live/core/kustomization.yaml"
    text = (project / path).read_text()
    edit(project, path, lambda content: content["patches"][-1].update(target={"kind": "Deployment", "name": "no"}))
    invoke("synth")
    contents = published(project, "finding")
    (project / path).write_text(text)
    invoke("synth")
    pin_by_hand(project, SOURCE, contents)


def not_pushed(project: Path) -> None:
    """In the commit that staging runs, live pulls an image of its registry that was not pushed there."""
    edit(project, "chatdb.yaml", lambda content: content["environments"][TARGET].update(registry="registry.example"))
    images = [{"name": "chatdb/ml-engine", "newName": "registry.example/ml-engine"}]
    edit(project, "overlays/live/processing/kustomization.yaml", lambda content: content.update(images=images))
    invoke("synth")
    pin_by_hand(project, SOURCE, published(project, "a registry"))


def other_branch(project: Path) -> None:
    """There is a branch of that name."""
    git(project, "branch", branch_of(project), "HEAD~1")


REFUSALS: dict[Callable[[Path], None], str] = {
    unpublished: "push or merge it there",
    behind: "and HEAD does not contain it; run `git pull`",
    older: "which live is pinned to; to go back, run `chatdb rollback -e live`",
    never_released: "pins/minikube.yaml: platform, foundation, setup, core, processing, edge, monitoring, testing of"
    " minikube is pinned to no commit",
    different_commits: "the tiers are pinned to different commits: platform ",
    fewer_tiers: "minikube does not have the tiers testing, and so has not proven them; add them to `tiers`",
    not_there_yet: "does not have overlays/live; run `chatdb release -e minikube`",
    stale: "argocd/live/apps/core.yaml: in the commit it is not what the code gives",
    stale_here: "argocd/live/apps/core.yaml: in the commit it is not what the code gives",
    finding: "[overlays] ",
    not_pushed: "image registry.example/ml-engine:",
    other_branch: "is there with other content; merge it, or delete it with `git branch -D promote/live-",
}


@pytest.mark.parametrize("change", REFUSALS, ids=lambda change: change.__name__)
def test_refusals(promotable: Path, change: Callable[[Path], None]) -> None:
    """Each with the fix; no branch, no file and nothing in the index changes."""
    change(promotable)
    refused(promotable, REFUSALS[change], *PROMOTE)


CHANGES: dict[str, Callable[[Path], Any]] = {
    "settings": lambda p: (p / "chatdb.yaml").open("a").write("# edited\n"),
    "pins": lambda p: (p / "pins/minikube.yaml").open("a").write("# edited\n"),
    "overlays": lambda p: edit(p, "overlays/live/core/kustomization.yaml", patch),
    "new": lambda p: (p / "argocd/live/new.yaml").touch(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_not_committed(promotable: Path, change: Callable[[Path], Any]) -> None:
    """What somebody would expect to be promoted has to be in a commit."""
    change(promotable)
    refused(promotable, "not committed", *PROMOTE)


def test_wrong_usage(promotable: Path) -> None:
    """One environment, and unknown ones."""
    assert "--from and --to are both minikube" in invoke("promote", "--from=minikube", "--to=minikube", code=2)
    for names in (("no", TARGET), (SOURCE, "no")):
        message = "unknown environment 'no'. Use one of: minikube, live"
        assert message in invoke("promote", f"--from={names[0]}", f"--to={names[1]}", code=2)


def test_started_twice(promotable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for another run, as a release does."""
    monkeypatch.setattr(releases, "exclusive", partial(exclusive, seconds=0.2))
    with exclusive(promotable / releases.ONE_AT_A_TIME):
        refused(promotable, "another run has been going on", *PROMOTE)


def test_offline(promotable: Path) -> None:
    """The repository is not asked, and that is said."""
    (promotable.parent / "work.git").rename(promotable.parent / "away")
    refused(promotable, "--offline leaves this check out", *PROMOTE)
    assert "not verified: whether https://git.example/chatdb.git contains" in invoke(*PROMOTE, "--offline", "--dry-run")


def test_shallow_clone(promotable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the history does not tell, the user learns how to get it."""
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path / 'work.git'}", "clone")
    work_on(tmp_path / "clone", monkeypatch)
    assert "run `git pull`; the clone is shallow: run `git fetch --unshallow`" in invoke(*PROMOTE, "--offline", code=1)


KUBECTL = """#!{python}
import json, sys
answers = json.load(open({answers!r}))
print(json.dumps(next(answer for word, answer in answers.items() if word in sys.argv)))
"""


def test_from_the_cluster(promotable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit is that of the ConfigMap, while each Application is Synced and Healthy on it."""
    proven = pin(promotable, SOURCE)
    settings = read_settings(promotable, CATALOGUE, SOURCE)
    names = ("chatdb", *map(settings.application, settings.tiers))
    applications = [running(name, proven) for name in names]
    config = {
        "current-context": "minikube",
        "contexts": [{"name": "minikube", "context": {"cluster": "one"}}],
        "clusters": [{"name": "one", "cluster": {"server": "https://127.0.0.1:1"}}],
    }
    answers = {
        "config": config,
        "configmap": {"kind": "ConfigMap", "data": dict.fromkeys(settings.tiers, proven)},
        "applications.argoproj.io": {"items": applications},
    }
    programs = promotable.parent / "programs"
    programs.mkdir()
    script = programs / "kubectl"
    script.write_text(KUBECTL.format(python=sys.executable, answers=str(programs / "answers")))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (programs / "answers").write_text(json.dumps(answers))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    (promotable / "pins/minikube.yaml").unlink()
    published(promotable, "the cluster counts")
    before = state(promotable)
    assert f"-> {proven[:12]}" in invoke("promote", f"--from={SOURCE}", f"--to={TARGET}", "--dry-run")
    assert state(promotable) == before
    applications[3]["status"]["health"]["status"] = "Degraded"
    (programs / "answers").write_text(json.dumps(answers))
    refused(
        promotable,
        "Application chatdb-setup: Synced and Degraded; wait",
        "promote",
        "--from=minikube",
        f"--to={TARGET}",
    )


def running(name: str, revision: str) -> Manifest:
    """An Application that is Synced and Healthy."""
    status = {
        "sync": {"status": "Synced", "revision": revision},
        "health": {"status": "Healthy"},
        "operationState": {"phase": "Succeeded"},
    }
    source = {"repoURL": "https://git.example/chatdb.git"}
    return {"kind": "Application", "metadata": {"name": name}, "spec": {"source": source}, "status": status}
