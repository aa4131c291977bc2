"""Whatever is edited, damaged or killed between runs, a run gives what one gives that has kept nothing."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from constructs_lib.cache import FOLDER
from constructs_lib.gitops.fingerprint import NOTE
from constructs_lib.gitops.publish import differences
from tests.fuzz.lane import SEED, WHOLE, repeat
from tests.properties.repository_edits import EDITS
from tests.repository import PACKAGES, ROOT, copy_inputs

SEQUENCES = 300 if WHOLE else 3
LONGEST = 5
"""Edits of a sequence, a run after each."""
MOMENTS = 2.0
"""Seconds from the start of a run within which it is killed, or something is edited."""
GENERATED = ("dist", "argocd", "overlays")
NODES = ("node", "other-node")


@dataclass
class Repository:
    """A copy with code of its own, and the names that Node has been given."""

    root: Path
    chance: random.Random
    node: str = NODES[0]
    done: list[str] = field(default_factory=list)

    def start(self, root: Path) -> "subprocess.Popen[str]":
        """A run, in the background; each has an own folder for what `cdk8s synth` reads."""
        environment = os.environ | {"JSII_NODE": str(root / self.node), "CDK8S_OUTDIR": str(root / ".cdk8s/out")}
        return subprocess.Popen(
            [sys.executable, "-O", str(root / "main.py")], env=environment, cwd=root,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, root: Path) -> tuple[int, str]:
        """A run to its end: its exit code, and its problems."""
        with self.start(root) as process:
            _, problems = process.communicate(timeout=120)
        return process.returncode, problems.replace(str(root), "")

    def edit(self) -> None:
        """One edit."""
        self.done.append(self.chance.choice(EDITS)(self.chance, self.root))

    def step(self) -> None:
        """An edit or an undone one, and a run, in which something may happen."""
        if self.chance.random() < 0.2:
            self.node = self.chance.choice(NODES)
            self.done.append(self.node)
        else:
            self.edit()
        how = self.chance.choice(["runs", "runs", "killed", "edited"])
        self.done.append(how)
        if how == "runs":
            self.run(self.root)
            return
        with self.start(self.root) as process:
            time.sleep(self.chance.random() * MOMENTS)
            if how == "killed":
                process.send_signal(signal.SIGKILL)
            else:
                self.edit()
            process.communicate(timeout=120)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of code, data and outputs that a run has been over."""
    root = copy_inputs(tmp_path_factory.mktemp("original") / "repository")
    for name in (*PACKAGES, "services", "dist", "argocd"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    shutil.copyfile(ROOT / "main.py", root / "main.py")
    for name in NODES:
        (root / name).symlink_to(os.environ["JSII_NODE"])
    assert Repository(root, random.Random()).run(root) == (0, "")
    return root


def copied(source: Path, target: Path) -> Path:
    """With the same times: what is edited next is the only thing that is new."""
    return shutil.copytree(source, target, symlinks=True)


@pytest.mark.parametrize("number", range(SEQUENCES))
def test_nothing_stale(original: Path, tmp_path: Path, number: int) -> None:
    """Sequences of edits, some of them undone at the end, so that what was kept before them is asked for again."""
    chance = random.Random(f"{SEED} {number}")
    mine = Repository(copied(original, tmp_path / "mine"), chance)
    before = {path: path.read_bytes() for path in inputs(mine.root)}
    for _ in range(chance.randint(1, LONGEST)):
        mine.step()
    for path in [path for path in inputs(mine.root) if path not in before or path.read_bytes() != before[path]]:
        if chance.random() < 0.5 or ")]}" in path.read_text(errors="replace"):
            mine.done.append(f"back: {path.name}")
            path.write_bytes(before[path]) if path in before else path.unlink()
    fresh = copied(mine.root, tmp_path / "fresh")
    shutil.rmtree(fresh / FOLDER, ignore_errors=True)
    (fresh / NOTE).unlink(missing_ok=True)
    words = f"{mine.done}; again: {repeat()}"
    assert mine.run(mine.root) == mine.run(fresh), words
    assert [f"{name}/{path}" for name in GENERATED for path in differences(mine.root / name, fresh / name)] == [], words


def inputs(root: Path) -> list[Path]:
    """What people write: code, data and overlays."""
    names = ("catalogue", "constructs_lib", "services", "chatdb.yaml", "pins", "overlays")
    paths = (path for name in names for path in (root / name, *(root / name).rglob("*")))
    return sorted(path for path in paths if path.is_file() and not {"generated", "__pycache__"} & {*path.parts})
