"""Copies of the repository's inputs, for tests that generate and change them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
INPUTS = ("overlays", "chatdb.yaml")
TOOLS = (".tools/bin", ".tools/schemas")


def copy_inputs(target: Path) -> Path:
    """A repository with the hand-written files only, and the installed tools."""
    for name in INPUTS:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target / name)
    (target / ".tools").mkdir()
    for name in TOOLS:
        (target / name).symlink_to(ROOT / name)
    return target


def manifests(folder: Path) -> Iterator[dict[str, Any]]:
    """Every object in the YAML files below the folder."""
    for path in sorted(folder.rglob("*.k8s.yaml")):
        yield from yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def texts(folder: Path) -> dict[str, str]:
    """Relative name and text of every file below the folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
