"""Rendering the overlays with Kustomize, tier by tier, as Argo CD does."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from constructs_lib.catalogue.model import Catalogue
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.settings import Settings, load

SECONDS = 120
KUSTOMIZATION = "kustomization.yaml"
DIST = "../../../dist"
"""The generated bases, as an overlay's folder sees them."""


def tool(root: Path, name: str) -> str:
    """Path of a pinned tool; InvalidInput with advice where it is not installed."""
    own = root / ".tools/bin" / name
    found = str(own) if own.exists() else shutil.which(name)
    if not found:
        raise InvalidInput([Problem(name, "is not installed", "run `make setup-test`")])
    return found


def kustomize(root: Path, folder: Path) -> list[dict[str, Any]]:
    """The objects that the kustomization gives; InvalidInput with Kustomize's own words."""
    place = str(folder.relative_to(root) if folder.is_relative_to(root) else folder)
    if not (folder / KUSTOMIZATION).is_file():
        mend = f"make it: it lists {DIST}/{folder.name} among its resources"
        raise InvalidInput([Problem(place, f"there is no {KUSTOMIZATION}", mend)])
    command = [tool(root, "kustomize"), "build", str(folder)]
    # It lives for a tenth of a second: a third of it would be spent on collecting garbage.
    environment = os.environ | {"GOGC": "off"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        # Its words name files by their full path, which says nothing more and differs between machines.
        words = done.stderr.strip().replace(f"{root}/", "").removeprefix("Error: ")
        raise InvalidInput([Problem(place, words, "mend the kustomization; is dist/ up to date?")])
    return [found for found in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if found]


def inputs(root: Path, catalogue: Catalogue) -> Inputs:
    """Render all tiers of the environment, and read its Argo CD objects."""
    settings = load(root)
    return Inputs(
        root=root,
        catalogue=catalogue,
        settings=settings,
        rendered=tuple(_tiers(root, settings)),
        argo_cd=tuple(_argo_cd(root / "argocd" / settings.environment)),
    )


def _tiers(root: Path, settings: Settings) -> Iterator[Rendered]:
    """The objects of all tiers; InvalidInput with every tier that does not build."""
    broken: list[Problem] = []
    for tier in settings.tiers:
        try:
            found = kustomize(root, root / "overlays" / settings.environment / tier)
        except InvalidInput as error:
            broken += error.problems
        else:
            yield from (Rendered(tier, manifest) for manifest in found)
    if broken:
        raise InvalidInput(broken)


def _argo_cd(folder: Path) -> Iterator[Mapping[str, Any]]:
    for path in sorted(folder.rglob("*.yaml")):
        yield from yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
