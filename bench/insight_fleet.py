"""Writes the report of a generated platform of N services, or its plan, as the commands do for ChatDB.

Usage: insight_fleet.py report|plan N FOLDER, the repository that `make` has made there.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fleet import catalogue
from ours import ENVIRONMENT, write_inputs
from rivals import LINKED

from chatdb.committed import checked_out
from chatdb.git import git
from chatdb.plan.plan import between
from chatdb.plan.sides import Side, side
from chatdb.plan.views import as_text
from chatdb.report.data import collect
from chatdb.report.output import write
from chatdb.report.page import page
from constructs_lib.gitops.synth import resolved, stage, synthesize
from constructs_lib.resolve import resolve
from constructs_lib.settings import read_settings

WRITTEN = {"report": "report.html", "plan": "plan.txt"}
ENTRIES = "catalogue/components.py"
AUTHOR = ("-c", "user.name=bench", "-c", "user.email=bench@test.invalid")


def make(count: int, root: Path, tools: Path) -> None:
    """A repository with what is generated, committed, and a file of the entries: explanations name their lines."""
    fleet = catalogue(count)
    root.mkdir(parents=True)
    (root / ".tools").symlink_to(tools)
    write_inputs(root, fleet)
    with tempfile.TemporaryDirectory() as folder:
        synthesize(root, fleet, Path(folder) / "out")
    entries = [f"Component(name={component.name!r})\n" for component in fleet.components]
    (root / ENTRIES).parent.mkdir()
    (root / ENTRIES).write_text("".join(entries), encoding="utf-8")
    commit(root)


def commit(root: Path) -> None:
    """Make a repository of the folder, with one commit of all that is no link to what is installed."""
    (root / ".gitignore").write_text("".join(f"{name}\n" for name in LINKED), encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, *AUTHOR, "commit", "--quiet", "--message=contents")


def report(count: int, root: Path) -> None:
    """The report of its only environment."""
    fleet = catalogue(count)
    write_to = root / WRITTEN["report"]
    write(
        write_to, page(collect(root, resolve(fleet, root), read_settings(root, fleet, ENVIRONMENT), datetime.now(UTC)))
    )


def plan(count: int, root: Path) -> None:
    """The plan of one image with another tag, from the commit to what would be generated."""
    fleet = catalogue(count)
    name, image = next(iter(fleet.images.items()))
    changed = replace(fleet, images={**fleet.images, name: replace(image, tag="1.0.1")})
    with ThreadPoolExecutor(1) as pool, tempfile.TemporaryDirectory() as out:
        before = pool.submit(_committed, root)
        stage(root, *resolved(root, changed), Path(out))
        committed = before.result()
        made = between(root, ENVIRONMENT, committed, side(root, ENVIRONMENT, Path(out)))
    (root / WRITTEN["plan"]).write_text("\n".join(as_text(made)), encoding="utf-8")


def _committed(root: Path) -> Side:
    with checked_out(root, "HEAD") as tree:
        return side(root, ENVIRONMENT, tree)


SUBJECTS: Mapping[str, Callable[[int, Path], None]] = {"report": report, "plan": plan}

if __name__ == "__main__":
    SUBJECTS[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))
