"""Releases and rollbacks on real git repositories: what is pinned was checked and is pushed, or nothing changes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from chatdb import release as releases
from chatdb.committed import generate
from chatdb.published import published
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import read_settings
from tests.cli.release_project import (
    OWN,
    URL,
    assert_pinned,
    commit,
    generated,
    git,
    pin_by_hand,
    push,
    pushed,
    refused,
    state,
    work_on,
)
from tests.command import invoke
from tests.repository import PACKAGES, ROOT, UNCOPIED

pytestmark = pytest.mark.usefixtures("own_git")


def test_release_then_rollback(project: Path) -> None:
    """Pins name the contents; the rollback goes to the release before, and its commit is not released again."""
    first = git(project, "rev-parse", "HEAD")
    pins = pin_by_hand(project, first)
    (project / "pins/minikube.yaml").unlink()
    second = commit(project, "more")
    push(project)
    git(project, "checkout", "--quiet", "--detach")
    assert second[:12] in invoke("release")
    assert git(project, "rev-parse", "HEAD~1") == second
    assert git(project, "show", "--format=", "--name-only", "HEAD").split()[-1] == OWN[0]
    assert_pinned(project, second)
    refused(project, "is what minikube is pinned to", "rollback", "--to", second)
    refused(project, f"name one of these: {second[:12]}, {first[:12]}", "rollback", "--to", "nowhere")
    assert first[:12] in invoke("rollback")
    assert_pinned(project, first)
    assert git(project, "log", "-1", "--format=%s") == f"Release {first[:12]} to minikube again"
    refused(project, "no earlier release", "rollback")
    assert [one.contents for one in releases.releases(project, "minikube")] == [first, second, first]
    assert list(releases.releases(project, "minikube"))[-1].pins == pins


def test_monorepo_from_a_hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with spaces and letters, by a hook of git, on a branch; others have staged something elsewhere."""
    top = tmp_path / "mono"
    project = work_on(generated(top / "teams/my répö"), monkeypatch)
    (top / "README.md").write_text("all teams")
    git(top, "init", "--quiet")
    assert invoke("synth") == "changed: argocd/minikube\n"
    pushed(top)
    contents = git(top, "rev-parse", "HEAD")
    git(top, "checkout", "--quiet", "-b", "pins")
    (top / "README.md").write_text("all teams, staged")
    git(top, "add", "--all")
    (top / "other").write_text("not added")
    for name, value in (("GIT_DIR", ".git"), ("GIT_INDEX_FILE", "nowhere"), ("GIT_PREFIX", "teams/")):
        monkeypatch.setenv(name, value)
    invoke("release")
    assert_pinned(project, contents)
    assert git(top, "status", "--porcelain") == "M  README.md\n?? other"
    root = yaml.safe_load((project / "argocd/minikube/root.yaml").read_text())
    assert root["spec"]["source"]["path"] == "teams/my répö/argocd/minikube/apps"
    core = yaml.safe_load((project / "argocd/minikube/apps/core.yaml").read_text())
    assert core["spec"]["source"]["path"] == "teams/my répö/overlays/minikube/core"
    assert "/teams/my répö/dist/core;" in core["metadata"]["annotations"]["argocd.argoproj.io/manifest-generate-paths"]


CHANGES: dict[str, Callable[[Path], object]] = {
    "edited": lambda p: (p / "chatdb.yaml").open("a").write("# edited\n"),
    "new": lambda p: (p / "overlays/minikube/new.yaml").touch(),
    "staged": lambda p: [(p / "new").write_text(""), git(p, "add", "--all")],
    "gone": lambda p: (p / "overlays/minikube/core/kustomization.yaml").unlink(),
    "pins": lambda p: releases.write_pins(p, "minikube", {"core": f"{0:040}"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_not_committed(project: Path, change: Callable[[Path], object]) -> None:
    """Nothing is released that is not in a commit, whatever `git status` shows by the user's settings."""
    change(project)
    refused(project, "not committed")
    refused(project, "not committed", "rollback")


def amended(project: Path) -> None:
    """Another commit with the same files, which nobody has."""
    git(project, "commit", "--quiet", "--amend", "--message=again")


def on_another_branch(project: Path) -> None:
    """A commit that is pushed, but not to the branch that Argo CD follows."""
    commit(project, "feature")
    push(project, "feature")


def ahead_of_the_remote(project: Path) -> None:
    """The local branch of that name has the commit; the remote's does not, and a tag of that name is none."""
    git(project, "tag", "-a", "main", "-m", commit(project, "ahead"))
    git(project, "push", "--quiet", URL, "refs/tags/main")


@pytest.mark.parametrize("change", [amended, on_another_branch, ahead_of_the_remote])
def test_what_argo_cd_does_not_find(project: Path, change: Callable[[Path], None]) -> None:
    """The commit has to be in the branch of the repository, and nowhere else."""
    change(project)
    refused(project, f"is not in main of {URL}; push or merge it there")


def test_remote_is_ahead(project: Path, tmp_path: Path) -> None:
    """The branch has gone on, in commits that are not here: they are fetched, and get no name."""
    contents = git(project, "rev-parse", "HEAD")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "work.git"), "other")
    tip = commit(tmp_path / "other", "on top")
    git(tmp_path / "other", "push", "--quiet")
    before = state(project)
    published(project, read_settings(project, CATALOGUE), contents)
    assert git(project, "cat-file", "-t", tip) == "commit"
    assert state(project) == before
    assert not (project / ".git/FETCH_HEAD").exists()
    with pytest.raises(InvalidInput, match=f"is not in main of {URL}"):
        published(project, read_settings(project, CATALOGUE), commit(project, "elsewhere"))


def test_no_such_branch_or_repository(project: Path) -> None:
    """Each is said with what to correct."""
    git(project.parent / "work.git", "update-ref", "-d", "refs/heads/main")
    refused(project, f"there is no branch main of {URL}")
    shutil.rmtree(project.parent / "work.git")
    refused(project, "--offline leaves this check out")


def test_no_commit_and_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing that could be pinned."""
    folder = work_on(generated(tmp_path / "work"), monkeypatch)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert "not a git repository" in invoke("release", code=1)
    git(folder, "init", "--quiet")
    assert "Needed a single revision; run `chatdb` in a clone" in invoke("release", code=1)


def test_shallow_clone(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the history does not tell, the user learns how to get it; the rest of it tells."""
    first = git(project, "rev-parse", "HEAD")
    pin_by_hand(project, first)
    push(project)
    bare = tmp_path / "work.git"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{bare}", "clone")
    clone = work_on(tmp_path / "clone", monkeypatch)
    git(clone, "config", f"url.file://{bare}.insteadOf", URL)
    git(clone, "checkout", "--quiet", "--detach")
    commit(clone, "on top")
    refused_shallow = "the clone is shallow: run `git fetch --unshallow`, or check out with `fetch-depth: 0`"
    assert refused_shallow in invoke("release", code=1)
    assert refused_shallow in invoke("rollback", "--to", "nowhere", code=1)


def test_stale_files_of_the_commit(project: Path) -> None:
    """A working tree in which they are right, and `git status` says nothing, does not help: Argo CD sees the commit."""
    path = project / "dist/edge/ingress.k8s.yaml"
    right = path.read_text()
    path.write_text(f"# edited\n{right}")
    commit(project, "stale")
    push(project)
    git(project, "update-index", "--assume-unchanged", "dist/edge/ingress.k8s.yaml")
    path.write_text(right)
    refused(project, "dist/edge/ingress.k8s.yaml: in the commit it is not what the code gives; run `chatdb synth`")


BROKEN = {
    "catalogue/components.py": "catalogue/components.py",
    "constructs_lib/problem.py": "its code does not run",
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_code_of_the_commit_is_run(tmp_path: Path, name: str) -> None:
    """It may differ from the working tree's, which runs the command."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=UNCOPIED)
    (tmp_path / name).write_text("not Python")
    with pytest.raises(InvalidInput, match=BROKEN[name]):
        generate(tmp_path, "minikube", {}, rules=False)


def test_findings_in_the_commit(project: Path) -> None:
    """What `chatdb check` finds is not released."""
    path = project / "overlays/minikube/core/kustomization.yaml"
    content = yaml.safe_load(path.read_text())
    patch = {
        "target": {"kind": "Deployment", "name": "nobody"},
        "patch": "- {op: add, path: /metadata/labels/a, value: b}",
    }
    path.write_text(yaml.safe_dump(content | {"patches": [*content.get("patches", []), patch]}))
    commit(project, "finding")
    push(project)
    refused(project, "[overlays] ")


def test_rollback_to_what_no_longer_builds(project: Path) -> None:
    """A tier that the old commit does not have, in the words of Kustomize; and objects of it that are lost."""
    shutil.rmtree(project / "overlays/minikube/testing")
    contents = commit(project, "without a tier")
    pins = pin_by_hand(project, contents)
    git(project, "checkout", "HEAD~2", "--", "overlays")
    (project / "pins/minikube.yaml").unlink()
    commit(project, "as before")
    push(project)
    refused(
        project, f"'HEAD' is not a release of minikube; name one of these: {contents[:12]}", "rollback", "--to=HEAD"
    )
    refused(
        project, "overlays/minikube/testing: there is no kustomization.yaml; choose another", "rollback", "--to", pins
    )
    blob = git(project, "rev-parse", f"{contents}:overlays/minikube/kustomization.yaml")
    (project / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    refused(project, "`git fsck`", "rollback", "--to", contents, "--offline")


def test_pins_name_what_their_commit_autoscales(project: Path) -> None:
    """Until the release that ends it, the Application leaves the replicas alone, although the code says otherwise."""
    core = project / "argocd/large/apps/core.yaml"
    _large(project)
    assert "warning" not in invoke("synth")
    _large(project, "autoscaling")
    assert "warning: large: core is not pinned" in invoke("synth")
    autoscaled = commit(project, "autoscaled")
    push(project)
    invoke("release", "-e", "large")
    invoke("synth", "--check")
    pins = yaml.safe_load((project / "pins/large.yaml").read_text())
    assert pins["autoscaled"]["core"] == ["chatdb-services/model-registry", "chatdb-services/training-orchestrator"]
    _large(project)
    invoke("synth")
    assert RESPECT in core.read_text()
    assert [one.contents for one in releases.releases(project, "large")] == [autoscaled]


RESPECT = "RespectIgnoreDifferences=true"


def _large(project: Path, *traits: str) -> None:
    """An environment whose cluster has room for more replicas, on another cluster than minikube's."""
    settings = yaml.safe_load((project / "chatdb.yaml").read_text())
    nodes = {"count": 3, "cpu": 8, "memory": "32Gi", "disk": "200G"}
    tiers = [str(tier) for tier in Tier if tier is not Tier.TESTING]
    own = {
        "revision": "main",
        "cluster": "large",
        "nodes": nodes,
        "tiers": tiers,
        "traits": ["postgres-cloudnative-pg", "external-credentials", *traits],
    }
    settings["environments"]["large"] = own
    (project / "chatdb.yaml").write_text(yaml.safe_dump(settings))
    for tier in tiers:
        path = project / "overlays/large" / tier / "kustomization.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"resources": [f"../../../dist/{tier}"], "components": ["generated"]}))
