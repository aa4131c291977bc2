"""Writes the report of a generated platform of N services, as `chatdb report` does for ChatDB.

Usage: report_fleet.py N FOLDER, the repository that `make` has made there.
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from fleet import catalogue
from ours import ENVIRONMENT, write_inputs

from chatdb.report.data import collect
from chatdb.report.output import write
from chatdb.report.page import page
from constructs_lib.gitops.synth import synthesize
from constructs_lib.resolve import resolve
from constructs_lib.settings import read_settings

REPORT = "report.html"
ENTRIES = "catalogue/components.py"


def make(count: int, root: Path, tools: Path) -> None:
    """A repository with what is generated, and a file of the catalogue's entries: explanations name their lines."""
    fleet = catalogue(count)
    root.mkdir(parents=True)
    (root / ".tools").symlink_to(tools)
    write_inputs(root, fleet)
    with tempfile.TemporaryDirectory() as folder:
        synthesize(root, fleet, Path(folder) / "out")
    entries = [f"Component(name={component.name!r})\n" for component in fleet.components]
    (root / ENTRIES).parent.mkdir()
    (root / ENTRIES).write_text("".join(entries), encoding="utf-8")


def main(count: int, root: Path) -> None:
    """The report of its only environment."""
    fleet = catalogue(count)
    report = collect(root, resolve(fleet, root), read_settings(root, fleet, ENVIRONMENT), datetime.now(UTC))
    write(root / REPORT, page(report))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
