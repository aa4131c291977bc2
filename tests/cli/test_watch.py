"""`chatdb synth --watch` generates what was saved, whatever was saved before."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from constructs_lib.gitops.fingerprint import input_folders, is_input
from tests.repository import ROOT, copy_repository, texts

SECONDS = 90
"""Until a run is over, on a machine that is busy with others."""


class Watch:
    """The command, running in a copy, and what it says."""

    def __init__(self, root: Path) -> None:
        """Started, and over its first run."""
        self.root = root
        shutil.copyfile(ROOT / "main.py", root / "main.py")
        self.process = subprocess.Popen(
            # Where the tests are started in the background they ignore Ctrl-C, and so would it.
            ["env", "--default-signal=INT", sys.executable, "-m", "chatdb", "synth", "--watch"],
            cwd=root, env=os.environ | {"PYTHONPATH": str(root)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.lines: Queue[str] = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.put(line)

    def until(self, words: str) -> list[str]:
        """What is said up to a line with the words."""
        end = time.monotonic() + SECONDS
        said: list[str] = []
        while words not in "".join(said[-1:]):
            said.append(self.lines.get(timeout=max(0.1, end - time.monotonic())))
        return said

    def save(self, name: str, old: str, new: str) -> None:
        """As most editors do: a file beside it, then a rename."""
        path = self.root / name
        text = path.read_text()
        assert old in text
        (path.parent / "4913").write_text(text.replace(old, new))
        (path.parent / "4913").rename(path)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=SECONDS)


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watch]:
    """One that ends with the test."""
    watch = Watch(copy_repository(tmp_path / "repository"))
    try:
        yield watch
    finally:
        watch.process.kill()
        watch.process.wait()


def test_saved_and_generated(watching: Watch) -> None:
    """An entry, a broken file, its repair, a new folder with a file, code, and the way back; Ctrl-C is no failure."""
    root = watching.root
    watching.until("changed")
    before = {name: texts(root / name) for name in ("dist", "argocd")}
    watching.save("catalogue/components.py", "replicas=2", "replicas=3")
    assert watching.until("changed: ")[0] == "saved: catalogue/components.py\n"
    assert "replicas: 3" in (root / "dist/core/model-registry.k8s.yaml").read_text()
    watching.save("catalogue/components.py", "replicas=3", "replicas=)")
    watching.until("fix the syntax")
    watching.save("chatdb/watch.py", "def saved", "def )")
    watching.until("saved: chatdb/watch.py")
    watching.save("catalogue/components.py", "replicas=)", "replicas=2")
    watching.until("changed: dist")
    (root / "pins").mkdir()
    (root / "pins/minikube.yaml").write_text(f"core: '{1:040}'\n")
    watching.until("changed: argocd/minikube")
    watching.save("constructs_lib/parts/namespaces.py", '"50m"', '"51m"')
    watching.until("changed: dist")
    watching.save("constructs_lib/parts/namespaces.py", '"51m"', '"50m"')
    watching.until("changed: dist")
    shutil.rmtree(root / "pins")
    watching.until("changed: argocd/minikube")
    assert watching.stop() == 0
    assert {name: texts(root / name) for name in ("dist", "argocd")} == before


def test_what_is_generated_is_not_watched(watching: Watch) -> None:
    """A run would lead to the next one for ever."""
    watching.until("changed")
    (watching.root / "dist/core/model-registry.k8s.yaml").write_text("")
    for name in (
        "overlays/minikube/kustomization.yaml",
        "overlays/minikube/platform/generated/quotas.yaml",
        "other.yaml",
    ):
        (watching.root / name).write_text("")
    watching.save("chatdb.yaml", "repository: h", "repository:  h")
    assert watching.until("changed: ")[0] == "saved: chatdb.yaml\n"
    watching.save("chatdb.yaml", "repository:  h", "repository: h")
    assert watching.until("changed") == ["saved: chatdb.yaml\n", "nothing has changed\n"]


def test_inputs_by_their_names() -> None:
    """A path is an input where the run reads a file of that name, and its folder is watched."""
    inputs = {
        path for folder in input_folders(ROOT) for path in folder.iterdir() if path.is_file() and is_input(ROOT, path)
    }
    names = {path.relative_to(ROOT).as_posix() for path in inputs}
    for name in ("chatdb.yaml", "main.py", "catalogue/topics.py", "overlays/minikube/core/model-registry.yaml"):
        assert name in names
    assert {
        "README.md",
        "overlays/minikube/kustomization.yaml",
        "overlays/minikube/core/generated/kustomization.yaml",
    }.isdisjoint(names)
