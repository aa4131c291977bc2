"""Rendering overlays with Kustomize, and where its files are."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from constructs_lib.problem import InvalidInput, Problem

SECONDS = 120
KUSTOMIZATION = "kustomization.yaml"
DIST = "../../../dist"
"""The generated bases, as an overlay's folder sees them."""
GENERATED = "generated"
"""The folder of a tier's overlay for what depends on its environment."""


def tool(root: Path, name: str) -> str:
    """Path of a pinned tool; InvalidInput with advice where it is not installed."""
    own = root / ".tools/bin" / name
    found = str(own) if own.exists() else shutil.which(name)
    if not found:
        raise InvalidInput([Problem(name, "is not installed", "run `make setup-test`")])
    return found


def kustomize(root: Path, folder: Path, tools: Path | None = None) -> list[dict[str, Any]]:
    """The objects that the kustomization gives; InvalidInput with Kustomize's own words.

    `root` is the tree that messages name the folder by, `tools` the repository whose Kustomize is run.
    """
    place = str(folder.relative_to(root) if folder.is_relative_to(root) else folder)
    if not (folder / KUSTOMIZATION).is_file():
        fix = f"make it: it lists {DIST}/{folder.name} among its resources"
        raise InvalidInput([Problem(place, f"there is no {KUSTOMIZATION}", fix)])
    command = [tool(tools or root, "kustomize"), "build", str(folder)]
    # It lives for a tenth of a second: a third of it would be spent on collecting garbage.
    env_vars = os.environ | {"GOGC": "off", "GOMEMLIMIT": "512MiB"}
    done = subprocess.run(command, env=env_vars, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        # Its words name files by their full path, which says nothing more and differs between machines.
        words = done.stderr.strip().replace(f"{root}/", "").removeprefix("Error: ")
        raise InvalidInput([Problem(place, words, "fix the kustomization; is dist/ up to date?")])
    return [found for found in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if found]
