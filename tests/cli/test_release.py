"""Releases and rollbacks on real git repositories: what is pinned was checked and is pushed, or nothing changes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import yaml

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from chatdb import release as releases
from chatdb.cli import main
from chatdb.committed import generate
from chatdb.git import TIMED_OUT, run_git
from chatdb.published import published
from constructs_lib.files import exclusive
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import read_settings
from tests.command import invoke
from tests.repository import IDENTITY, PACKAGES, ROOT, UNCOPIED, copy_inputs, texts

URL = "https://git.example/chatdb.git"
"""What chatdb.yaml says; git finds the bare repository of a test there."""
OWN = ("pins/minikube.yaml", "argocd/minikube")
WAIT = 60


@pytest.fixture(autouse=True)
def own_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the machine; those that a user may have, and which change what git prints or asks."""
    settings = tmp_path_factory.mktemp("settings") / "gitconfig"
    settings.write_text(
        "[color]\n ui = always\n[status]\n showUntrackedFiles = no\n[core]\n quotePath = true\n autocrlf = true\n"
        " pager = false\n editor = false\n[diff]\n external = false\n[fetch]\n prune = true\n[log]\n follow = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)


def git(folder: Path, *arguments: str) -> str:
    """What git prints in a folder."""
    kept = {name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_INDEX_FILE")}
    plain = ("-c", "color.ui=false", "-c", "core.autocrlf=false", "-c", "status.showUntrackedFiles=all")
    command = ["git", "-C", str(folder), *plain, *arguments]
    return subprocess.run(command, env=kept, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path, message: str) -> str:
    """Commit everything; the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return git(folder, "rev-parse", "HEAD")


def push(folder: Path, branch: str = "main") -> None:
    """Push HEAD to the branch."""
    git(folder, "push", "--quiet", "--force", URL, f"HEAD:refs/heads/{branch}")


def generated(folder: Path) -> Path:
    """The project as it is committed here, with the installed tools."""
    folder.mkdir(parents=True, exist_ok=True)
    copy_inputs(folder)
    for name in ("dist", "argocd"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / ".gitignore").write_text(".tools\n.cdk8s\n")
    return folder


def pushed(top: Path) -> Path:
    """Make the folder a git repository, commit everything, and push it to a bare one beside it."""
    bare = top.parent / f"{top.name}.git"
    git(top.parent, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    git(top, "init", "--quiet", "--initial-branch=main")
    git(top, "config", f"url.file://{bare}.insteadOf", URL)
    commit(top, "contents")
    push(top)
    return top


def work_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the command work on the folder."""
    monkeypatch.setitem(main.context_settings, "obj", folder)
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is committed and pushed."""
    return work_on(pushed(generated(tmp_path / "work")), monkeypatch)


def state(folder: Path) -> tuple[object, ...]:
    """HEAD, all refs, the index, what is staged, what is not, and every file."""
    listed = ("rev-parse HEAD", "for-each-ref", "ls-files --stage", "status --porcelain")
    return (*(git(folder, *line.split()) for line in listed), texts(folder / "argocd"), texts(folder / "pins"))


def refused(project: Path, words: str, *arguments: str) -> None:
    """The command says so, and changes nothing: no file, no index, no commit, no ref, no FETCH_HEAD."""
    before = state(project)
    output = invoke(*(arguments or ("release",)), code=1)
    assert words in output
    assert "Traceback" not in output
    assert state(project) == before
    assert not list((project / ".git").glob("FETCH_HEAD"))
    assert not (project / releases.UNDER_WAY).exists()


def assert_pinned(project: Path, contents: str) -> None:
    """Each tier is pinned to the commit, the root follows the branch, and nothing is left uncommitted."""
    applications = texts(project / "argocd/minikube/apps")
    released = yaml.safe_load(applications.pop("released.yaml"))
    assert released["data"] == dict.fromkeys(map(str, Tier), contents)
    sources = [yaml.safe_load(text)["spec"]["source"] for text in applications.values()]
    assert [source["targetRevision"] for source in sources] == [contents] * len(Tier)
    assert "targetRevision: main" in (project / "argocd/minikube/root.yaml").read_text()
    assert dict(read_settings(project, CATALOGUE).pins) == dict.fromkeys(map(str, Tier), contents)
    assert git(project, "status", "--porcelain", "--", ".") == ""


def pin_by_hand(project: Path, contents: str) -> str:
    """A release as its history has it: the pins alone; the commit."""
    releases.write_pins(project, "minikube", dict.fromkeys(Tier, contents))
    return commit(project, f"Release {contents[:12]} to minikube")


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
    "gone": lambda p: (p / "chatdb.yaml").unlink(),
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
    assert "Needed a single revision; run `chatdb release` in a clone" in invoke("release", code=1)


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
        generate(tmp_path, {}, rules=False)


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


@pytest.fixture
def prepared(project: Path, tmp_path: Path) -> Path:
    """What a release takes over into the project; somebody has staged a file, edited it again, and added another."""
    tree = tmp_path / "tree"
    shutil.copytree(project / "argocd", tree / "argocd")
    (tree / "argocd/minikube/root.yaml").write_text("changed: true\n")
    (tree / "argocd/minikube/apps/core.yaml").unlink()
    (tree / "argocd/minikube/apps/new.yaml").write_text("new: true\n")
    releases.write_pins(tree, "minikube", {"core": f"{0:040}"})
    for text in ("staged", "edited again"):
        (project / "mine").write_text(text)
        if text == "staged":
            git(project, "add", "mine")
    (project / "untracked").touch()
    return tree


def hook(project: Path, name: str, *lines: str) -> None:
    """Give the repository a hook."""
    path = project / ".git/hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)


def no_identity(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody says who commits."""
    for name in IDENTITY:
        monkeypatch.delenv(name)
    git(project, "config", "user.useConfigOnly", "true")


def no_signature(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits are to be signed, and the program for it fails."""
    git(project, "config", "commit.gpgSign", "true")
    git(project, "config", "gpg.program", "/bin/false")


def hook_rejects(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook stops the commit."""
    hook(project, "commit-msg", "echo not so >&2; exit 1")


def hook_hangs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook waits for somebody."""
    monkeypatch.setattr(releases, "COMMIT_SECONDS", 1)
    hook(project, "pre-commit", "sleep 600")


def merge_under_way(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git commits no part of a merge."""
    (project / ".git/MERGE_HEAD").write_text(git(project, "rev-parse", "HEAD") + "\n")


FAILURES = {
    no_identity: "git commit",
    no_signature: "failed to sign",
    hook_rejects: "not so",
    hook_hangs: "has not ended within 1 s",
    merge_under_way: "partial commit during a merge",
}


@pytest.mark.parametrize("fail", FAILURES, ids=lambda fail: fail.__name__)
def test_failed_commit_is_undone(
    project: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch, fail: Callable[..., None]
) -> None:
    """Index and files are as before; what the user has staged is staged."""
    fail(project, monkeypatch)
    before = state(project)
    with pytest.raises(InvalidInput, match=FAILURES[fail]):
        releases.take(project, prepared, "minikube", "Release")
    assert state(project) == before
    assert git(project, "show", ":mine") == "staged"
    assert (project / "mine").read_text() == "edited again"


def test_commit_leaves_the_users_index(project: Path, prepared: Path) -> None:
    """The release's files alone are committed, deletions and new ones too; the hooks of the user run."""
    hook(project, "pre-commit", "touch .git/ran")
    releases.take(project, prepared, "minikube", "Release")
    assert (project / ".git/ran").exists()
    changed = git(project, "show", "--format=", "--name-status", "HEAD").split("\n")
    apps = "argocd/minikube/apps"
    assert changed == [f"D\t{apps}/core.yaml", f"A\t{apps}/new.yaml", "M\targocd/minikube/root.yaml", f"A\t{OWN[0]}"]
    assert git(project, "status", "--porcelain") == "AM mine\n?? untracked"


@pytest.mark.parametrize("pattern", ["pins", "argocd/minikube/apps/new.yaml"])
def test_ignored_files(project: Path, prepared: Path, pattern: str) -> None:
    """What git ignores would be missing in the commit, and is not touched."""
    (project / ".git/info/exclude").write_text(f"{pattern}\n")
    before = state(project)
    with pytest.raises(InvalidInput, match="is ignored by git"):
        releases.take(project, prepared, "minikube", "Release")
    assert state(project) == before


def test_locked_index(project: Path, prepared: Path) -> None:
    """Where another git holds the index, nothing can be undone yet; the next run does it."""
    before = state(project)
    lock = project / ".git/index.lock"
    hook(project, "pre-commit", "exit 1")
    lock.touch()
    with pytest.raises(InvalidInput, match=r"it brings back pins/minikube\.yaml and argocd/minikube"):
        releases.take(project, prepared, "minikube", "Release")
    lock.unlink()
    releases.recover(project)
    assert state(project) == before


TAKE = """
import sys
from pathlib import Path
from chatdb.release import take
take(Path(sys.argv[1]), Path(sys.argv[2]), "minikube", "Release")
"""


@pytest.fixture
def killed(project: Path, prepared: Path) -> Path:
    """A release is killed while a hook runs, and so is its git."""
    hook(project, "pre-commit", "ps -o pgid= $$ > .git/group.new; mv .git/group.new .git/group; sleep 600")
    process = subprocess.Popen([sys.executable, "-c", TAKE, str(project), str(prepared)], cwd=ROOT)
    group = project / ".git/group"
    deadline = time.monotonic() + WAIT
    while not group.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    os.killpg(int(group.read_text()), signal.SIGTERM)
    while (project / ".git/index.lock").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (project / ".git/hooks/pre-commit").unlink()
    return project


def test_killed_in_the_middle(killed: Path) -> None:
    """The next run begins by bringing everything back."""
    status = git(killed, "status", "--porcelain")
    assert "argocd/minikube/apps/core.yaml" in status
    releases.recover(killed)
    assert git(killed, "status", "--porcelain") == "AM mine\n?? untracked"
    releases.recover(killed)


def test_started_twice(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run waits for the first one, and not for ever."""
    monkeypatch.setattr(releases, "exclusive", partial(exclusive, seconds=0.2))
    with exclusive(project / releases.ONE_AT_A_TIME):
        refused(project, "another run has been going on")


def running(pid: int) -> bool:
    """Whether the process runs; one that has ended may wait for its parent."""
    path = Path(f"/proc/{pid}/stat")
    return path.exists() and path.read_text().rpartition(")")[2].split()[0] != "Z"


def test_git_ends_in_time(tmp_path: Path) -> None:
    """With its children; what a command leaves in the background is not waited for."""
    began = time.monotonic()
    slow = {"alias.slow": "!sleep 600 & echo $! ; wait", "alias.background": "!sleep 600 & echo $!"}
    done = run_git(tmp_path, "slow", seconds=2, settings=slow)
    assert (done.code, "within 2 s" in done.err) == (TIMED_OUT, True)
    while running(int(done.out)):
        assert time.monotonic() - began < WAIT
        time.sleep(0.05)
    left = int(run_git(tmp_path, "background", settings=slow).out)
    assert running(left)
    os.kill(left, signal.SIGKILL)
    assert time.monotonic() - began < WAIT


def test_git_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is advice, too."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidInput, match="install git"):
        run_git(tmp_path, "status")


@pytest.mark.parametrize("name", ["release", "validate"])
def test_workflows_fetch_the_history(name: str) -> None:
    """A shallow checkout could not tell whether a commit is part of the branch."""
    (job,) = yaml.safe_load((ROOT / f".github/workflows/{name}.yaml").read_text())["jobs"].values()
    (checkout,) = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"]["fetch-depth"] == 0
