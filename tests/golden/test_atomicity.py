"""Whatever happens to a run, what was generated before is whole, and the next run fixes the rest."""

import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsii
import pytest

from catalogue.components import CATALOGUE
from constructs_lib.files import exclusive, write_by_rename
from constructs_lib.gitops import fingerprint
from constructs_lib.gitops.publish import SWAP, publish
from constructs_lib.gitops.regenerate import regenerate
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput
from tests.repository import PACKAGES, ROOT, copy_inputs, texts
from tests.sandbox import advice, sandboxed

KILLS = 12
"""Moments spread over the length of one run: the start of Node, the building, the publishing."""
GENERATED = (
    "dist",
    "argocd/minikube",
    "overlays/minikube/kustomization.yaml",
    "overlays/minikube/platform/generated",
    "overlays/minikube/testing/generated",
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A whole copy, code too, that is generated and then changed: each target is replaced, and one is removed."""
    folder = copy_inputs(tmp_path / "repository")
    for name in (*PACKAGES, "services", "dist", "argocd"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "main.py", folder / "main.py")
    settings = folder / "chatdb.yaml"
    changed = settings.read_text().replace("https://git.example/chatdb.git", "https://git.example/other.git")
    settings.write_text(changed.replace("- testing\n", ""))
    (folder / "dist/core/old.k8s.yaml").write_text("left over")
    return folder


def command(repository: Path) -> list[str]:
    """The app, as cdk8s runs it, with a manifest folder of the copy's own."""
    return [sys.executable, str(repository / "main.py")]


def run(repository: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """One run to its end."""
    return subprocess.run(
        command(repository), env=os.environ | environment, capture_output=True, text=True, timeout=120, check=False
    )


def trees(repository: Path) -> dict[str, dict[str, str] | str | None]:
    """What is generated, target by target; None for one that is not there."""
    contents: dict[str, dict[str, str] | str | None] = {}
    for name in GENERATED:
        path = repository / name
        contents[name] = texts(path) if path.is_dir() else path.read_text() if path.exists() else None
    return contents


def finished(repository: Path) -> dict[str, dict[str, str] | str | None]:
    """What a run that nothing happens to gives."""
    done = run(repository)
    assert done.returncode == 0, done.stderr
    return trees(repository)


def test_killed_at_any_moment(repository: Path) -> None:
    """After SIGKILL each target is the old one, the new one, or aside, where the next run finds it and fixes all."""
    old = trees(repository)
    whole = shutil.copytree(repository, repository.with_name("whole"), symlinks=True)
    started = time.monotonic()
    new = finished(whole)
    length = time.monotonic() - started
    assert all(old[name] != new[name] for name in GENERATED)
    for part in range(KILLS):
        with subprocess.Popen(command(repository), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(length * (part + 0.5) / KILLS)
            process.send_signal(signal.SIGKILL)
        for name, content in trees(repository).items():
            aside = repository / ".cdk8s/swap" / name.replace("/", "+")
            assert content in (old[name], new[name]) or (content is None and aside.exists()), name
    assert finished(repository) == new


@pytest.mark.parametrize("renames", range(9))
def test_killed_between_two_renames(repository: Path, renames: int) -> None:
    """The moments that matter are too short to be hit by chance: die after each rename of the publication in turn."""
    old = trees(repository)
    script = f"""
import os, signal, sys
from pathlib import Path
left = {renames}
rename = Path.replace
def replace(self, target):
    global left
    if "swap" in str(self) + str(target):
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
    return rename(self, target)
Path.replace = replace
from constructs_lib.gitops.regenerate import regenerate
from constructs_lib.read_catalogue import read_catalogue
regenerate(Path("."), lambda: read_catalogue(Path(".")))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=repository, check=False, timeout=120)
    # Eight renames: three folders that go aside and come new, a file that is replaced, and a folder that is removed.
    assert done.returncode == (-signal.SIGKILL if renames < 8 else 0), done.stderr
    after = trees(repository)
    new = finished(repository)
    for name in GENERATED:
        assert after[name] in (old[name], new[name], None), name
    missing = [name for name in GENERATED if after[name] is None and new[name] is not None]
    assert bool(missing) == (renames in (1, 3, 6))


def test_read_only_repository(repository: Path) -> None:
    """A folder that cannot be written is said, and nothing changes."""
    old = trees(repository)
    read_only = 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; exec "$2" "$1/main.py"'
    assert "Read-only file system" in advice(sandboxed(read_only, str(repository), sys.executable))
    assert trees(repository) == old


def test_read_only_dist(repository: Path) -> None:
    """Only dist/ is on a file system that refuses: it stays, and so does everything else."""
    old = trees(repository)
    read_only = 'mount --bind "$1/dist" "$1/dist"; mount -o remount,ro,bind "$1/dist"; exec "$2" "$1/main.py"'
    assert "dist" in advice(sandboxed(read_only, str(repository), sys.executable))
    assert trees(repository) == old


@pytest.mark.parametrize("free", [0, 64, 128, 256])
def test_disk_full(repository: Path, free: int) -> None:
    """With that many KiB left, too few for a copy of what is new, all old files stay as they are."""
    old = trees(repository)
    # A disk that is full before the run is refused by the check of the free room: this one fills up meanwhile.
    script = f"""
size=$(du -sk --exclude=.tools "$1" | cut -f1)
mkdir "$1.full"; mount -t tmpfs -o size=$((size * 3))k none "$1.full"; cp -a "$1/." "$1.full"
left=$(df --output=avail -k "$1.full" | tail -1)
head -c $(((left - {free}) * 1024)) /dev/zero > "$1.full/filler" || true
cd "$1.full"
"$2" -c '
import sys
from constructs_lib import files
from constructs_lib.gitops import regenerate
from constructs_lib.problem import InvalidInput
from constructs_lib.read_catalogue import read_catalogue
from pathlib import Path
regenerate.enough_room = lambda folder, needed: None
try:
    regenerate.regenerate(Path("."), lambda: read_catalogue(Path(".")))
except InvalidInput as error:
    sys.exit(str(error))
' && code=0 || code=$?
cp -r dist argocd "$1.after/"; cp overlays/minikube/kustomization.yaml "$1.after/"
exit $code
"""
    after = repository.with_name("repository.after")
    after.mkdir()
    done = sandboxed(script, str(repository), sys.executable)
    assert "No space left on device" in advice(done)
    assert texts(after / "dist") == old["dist"]
    assert texts(after / "argocd/minikube") == old["argocd/minikube"]
    assert (after / "kustomization.yaml").read_text() == old[GENERATED[2]]


@pytest.mark.parametrize("free", [0, 64, 256])
def test_no_room_for_temporary_files(repository: Path, free: int) -> None:
    """A folder for temporary files with that many KiB beside the runtime is too small: advice, and nothing changes."""
    old = trees(repository)
    runtime = sum(path.stat().st_size for path in Path(jsii.__file__).parent.glob("_embedded/jsii/*.js*"))
    script = f"""
mkdir "$1.tmp"; mount -t tmpfs -o size={runtime // 1024 + free}k none "$1.tmp"; cd "$1"
TMPDIR="$1.tmp" exec "$2" -c '
import sys
from pathlib import Path
from constructs_lib.gitops import regenerate
from constructs_lib.problem import InvalidInput
from constructs_lib.read_catalogue import read_catalogue
regenerate.enough_room = lambda folder, needed: None
try:
    regenerate.regenerate(Path("."), lambda: read_catalogue(Path(".")))
except InvalidInput as error:
    print(error)
'
"""
    done = sandboxed(script, str(repository), sys.executable)
    assert "No space left on device" in done.stdout, done.stderr
    assert trees(repository) == old


def test_disk_full_before_the_run(repository: Path) -> None:
    """Said before Node is started, with how much is needed."""
    script = 'mkdir "$1.tmp"; mount -t tmpfs -o size=2m none "$1.tmp"; TMPDIR="$1.tmp" exec "$2" "$1/main.py"'
    assert "MiB are free, 16 MiB are needed" in advice(sandboxed(script, str(repository), sys.executable))


def test_started_twice(repository: Path) -> None:
    """Two runs at once take turns; both end well, and the files are those of one run."""
    both = [subprocess.Popen(command(repository), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    generated = trees(repository)
    assert generated == finished(repository)
    assert "left over" not in str(generated)


def test_lock_is_bounded_and_goes_with_its_holder(tmp_path: Path) -> None:
    """Who waits is told for what; a holder that dies holds nobody."""
    lock = tmp_path / "lock"
    holder = (
        f"import fcntl, sys, time; f = open({str(lock)!r}, 'a'); fcntl.flock(f, 2); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        with pytest.raises(InvalidInput, match="another run has been going on"), exclusive(lock, seconds=0.2):
            pass
        process.kill()
    with exclusive(lock, seconds=0.2):
        pass


def test_failed_write_leaves_the_old_text(tmp_path: Path) -> None:
    """Also the half of the new one that was written is gone."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_by_rename(path, "new \ud800")
    assert [child.name for child in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


@pytest.fixture
def two_trees(tmp_path: Path) -> Path:
    """Two old folders below root/, and two new ones below staged/."""
    for side, text in (("root", "old"), ("staged", "new")):
        for name in ("a", "b"):
            write_by_rename(tmp_path / side / name / "file", text)
    return tmp_path


def test_what_is_not_staged_is_removed(two_trees: Path) -> None:
    """A target that nothing is generated for any more goes, and is among those that changed."""
    shutil.rmtree(two_trees / "staged/b")
    assert publish(two_trees / "root", two_trees / "staged", ("a", "b", "c")) == ("a", "b")
    assert texts(two_trees / "root") == {"a/file": "new"}


def test_failed_copy_changes_no_folder(two_trees: Path) -> None:
    """Where the last new folder cannot be copied, the first has not taken its place either."""
    write_by_rename(two_trees / "root" / SWAP / "b.new", "a file where a folder has to be")
    with pytest.raises(FileExistsError):
        publish(two_trees / "root", two_trees / "staged", ("a", "b"))
    assert texts(two_trees / "root") == {"a/file": "old", "b/file": "old"}


def test_failed_rename_brings_the_old_folder_back(two_trees: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new folder cannot take its place, the old one is there again."""
    rename = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if path.name == "b.new":
            raise PermissionError
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(PermissionError):
        publish(two_trees / "root", two_trees / "staged", ("a", "b"))
    assert texts(two_trees / "root") == {"a/file": "new", "b/file": "old"}


CHANGES: dict[str, Callable[[Path], object]] = {
    "code": lambda r: (r / "constructs_lib/render.py").open("a").write("\n"),
    "code-data": lambda r: (r / "constructs_lib/types/kafka_topics/files/topics.sh").open("a").write("\n"),
    "catalogue": lambda r: (r / "catalogue/topics.py").open("a").write("\n"),
    "catalogue-data": lambda r: (r / "catalogue/files/locust-master/locustfile.py").open("a").write("\n"),
    "command": lambda r: (r / "chatdb/graph_views.py").open("a").write("\n"),
    "new-module": lambda r: (r / "constructs_lib/extra.py").touch(),
    "main": lambda r: (r / "main.py").open("a").write("\n"),
    "migration": lambda r: (r / "services/model-registry/migrations/0002_more.sql").touch(),
    "settings": lambda r: (r / "chatdb.yaml").open("a").write("\n"),
    "pins": lambda r: write_by_rename(r / "pins/minikube.yaml", f"core: '{1:040}'\n"),
    "patch": lambda r: (r / "overlays/minikube/core/model-registry.yaml").open("a").write("\n"),
    "trait": lambda r: (r / "overlays/components/gateway-api/more.yaml").touch(),
    "output-edited": lambda r: (r / "dist/core/model-registry.k8s.yaml").open("a").write("\n"),
    "output-gone": lambda r: (r / "dist/core/model-registry.k8s.yaml").unlink(),
    "output-extra": lambda r: (r / "dist/core/extra.k8s.yaml").touch(),
    "output-renamed": lambda r: (r / "dist/core/model-registry.k8s.yaml").rename(r / "dist/core/other.k8s.yaml"),
    "application": lambda r: (r / "argocd/minikube/apps/core.yaml").unlink(),
    "generated-edited": lambda r: (r / "overlays/minikube/platform/generated/quotas.yaml").open("a").write("\n"),
    "generated-gone": lambda r: shutil.rmtree(r / "overlays/minikube/testing/generated"),
    "generated-extra": lambda r: write_by_rename(r / "overlays/minikube/core/generated/extra.yaml", "a: 1\n"),
    "tiers": lambda r: (r / "overlays/minikube/kustomization.yaml").open("a").write("\n"),
    "swap": lambda r: (r / ".cdk8s/swap").mkdir(),
    "note": lambda r: (r / fingerprint.NOTE).unlink(),
}


@pytest.fixture
def remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of code, data and outputs with the note of a finished run."""
    for name in (*PACKAGES, "services", "overlays", "argocd", "dist"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("main.py", "chatdb.yaml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    monkeypatch.setattr(fingerprint, "CODE", tmp_path)
    # The copy is newer than this process, which has read none of it.
    monkeypatch.setattr(fingerprint, "LOADED", math.inf)
    fingerprint.remember(tmp_path, fingerprint.inputs(tmp_path), math.inf)
    assert fingerprint.unchanged(tmp_path, fingerprint.inputs(tmp_path))
    return tmp_path


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_seen(remembered: Path, change: Callable[[Path], object]) -> None:
    """Nothing that decides what is generated, and nothing that was generated, changes unnoticed."""
    change(remembered)
    assert not fingerprint.unchanged(remembered, fingerprint.inputs(remembered))


def test_what_is_generated_is_no_input(remembered: Path) -> None:
    """Inputs are the same whatever the last run has written: it would run for ever otherwise."""
    before = fingerprint.inputs(remembered)
    for change in ("generated-edited", "generated-gone", "generated-extra", "output-gone", "application", "tiers"):
        CHANGES[change](remembered)
    assert fingerprint.inputs(remembered) == before


def test_damaged_outputs_are_written_again(repository: Path) -> None:
    """One of each kind at once; the run after it has nothing to do. A folder that no overlay lists goes."""
    core = repository / "overlays/minikube/core/kustomization.yaml"
    core.write_text(core.read_text().replace("components:\n  - generated\n", ""))
    new = finished(repository)
    (repository / "overlays/minikube/testing/generated").mkdir()
    for change in ("output-edited", "output-extra", "application", "tiers", "generated-edited", "generated-extra"):
        CHANGES[change](repository)
    assert finished(repository) == new
    assert not (repository / "overlays/minikube/core/generated").exists()


def test_tools_are_seen(remembered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python, another Node, another package: each gives another hash."""
    packages = remembered / "packages"
    (packages / "cdk8s-1.0.dist-info").mkdir(parents=True)
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(packages))
    hashes = [fingerprint.inputs(remembered)]
    (packages / "cdk8s-1.0.dist-info").rename(packages / "cdk8s-1.1.dist-info")
    hashes.append(fingerprint.inputs(remembered))
    monkeypatch.setenv("JSII_NODE", "/elsewhere/node")
    hashes.append(fingerprint.inputs(remembered))
    monkeypatch.setattr(sys, "version", "4.0")
    hashes.append(fingerprint.inputs(remembered))
    assert len(set(hashes)) == 4


def test_a_change_during_the_run_is_seen(remembered: Path) -> None:
    """What is saved while a run is under way was not read by it: the note must not cover it."""
    before = fingerprint.inputs(remembered)
    CHANGES["patch"](remembered)
    fingerprint.remember(remembered, before, math.inf)
    assert not fingerprint.unchanged(remembered, fingerprint.inputs(remembered))


@pytest.mark.parametrize("undone", ["during the run", "after it"])
@pytest.mark.parametrize("removed", [True, False])
def test_a_change_that_is_undone_is_seen(remembered: Path, undone: str, removed: bool) -> None:
    """The run may have read the file as it was in between, so that what it has written is of no known inputs."""
    path = remembered / "overlays/minikube/core/model-registry.yaml"
    began, before, text = time.time(), fingerprint.inputs(remembered), path.read_text()
    path.unlink()
    if not removed:
        path.write_text(text + "\n")
    CHANGES["output-edited"](remembered)
    if undone == "during the run":
        path.write_text(text)
    fingerprint.remember(remembered, before, began)
    path.write_text(text)
    assert fingerprint.inputs(remembered) == before
    assert not fingerprint.unchanged(remembered, before)


def test_nothing_is_generated_twice(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for all environments nor for one: a run that finds all as it was does not even read the catalogue."""
    monkeypatch.setattr(fingerprint, "CODE", repository)
    monkeypatch.setattr(fingerprint, "LOADED", math.inf)

    def never() -> Catalogue:
        raise AssertionError

    for environment in ("minikube", None):
        # What was saved in the moment in which a run begins may be saved again in it.
        time.sleep(2 * fingerprint.CLOCK)
        assert regenerate(repository, lambda: CATALOGUE, environment)
        assert regenerate(repository, never, environment) == ()
        (repository / "chatdb.yaml").touch()
        assert regenerate(repository, never, environment) == ()
        (repository / "dist/core/model-registry.k8s.yaml").unlink()


def test_node_is_started_for_new_charts_alone(repository: Path) -> None:
    """Not for an overlay, nor for code that makes no other chart; one that was there before is not new."""
    finished(repository)
    entries = repository / "catalogue/components.py"
    before = entries.read_text()
    for change in ("settings", "patch", "catalogue", "output-gone"):
        CHANGES[change](repository)
        done = run(repository, JSII_RUNTIME="/nowhere")
        assert done.returncode == 0, done.stderr
    entries.write_text(before.replace("replicas=2", "replicas=3"))
    assert run(repository, JSII_RUNTIME="/nowhere").returncode != 0
    finished(repository)
    for text in (before, entries.read_text()):
        entries.write_text(text)
        assert run(repository, JSII_RUNTIME="/nowhere").returncode == 0
