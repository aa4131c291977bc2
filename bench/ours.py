"""Generates a platform of N services as main.py generates ChatDB, but for the publishing.

With --in, a repository stays in that folder: where there is one, it is generated with an entry that it never had. With
--patched, each tier of the environment has a patch, so that Kustomize renders it.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import yaml
from fleet import catalogue

from constructs_lib import settings_file
from constructs_lib.gitops.kustomizations import write_kustomization
from constructs_lib.gitops.synth import resolved, stage
from constructs_lib.kustomization import DIST, GENERATED, KUSTOMIZATION
from constructs_lib.model import Catalogue

ENVIRONMENT = "bench"
PATCH = {"target": {"kind": "Deployment"}, "patch": "- {op: replace, path: /spec/revisionHistoryLimit, value: 5}"}


def write_inputs(root: Path, fleet: Catalogue, *, patched: bool = False) -> None:
    """Settings and overlays, as people write them."""
    settings_file.write(root, fleet, repository="https://git.example/bench.git", first=ENVIRONMENT)
    for number, tier in enumerate(fleet.tiers):
        folder = root / "overlays" / ENVIRONMENT / tier
        # Quotas are in the first tier.
        write_kustomization(folder, [f"{DIST}/{tier}"], [GENERATED] if number == 0 else [])
        if patched:
            path = folder / KUSTOMIZATION
            path.write_text(path.read_text() + yaml.safe_dump({"patches": [PATCH]}))


def changed(fleet: Catalogue) -> Catalogue:
    """The platform with another value of a variable of one service, which it has never had."""
    components = list(fleet.components)
    place = len(components) // 2
    settings = {**components[place].settings, "CACHE_SECONDS": str(time.time_ns())}
    components[place] = replace(components[place], settings=settings)
    return replace(fleet, components=tuple(components))


def main(arguments: list[str]) -> None:
    """Everything that is generated: checked, built, written, with kustomizations and Applications."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--in", dest="root", type=Path)
    parser.add_argument("--patched", action="store_true")
    options = parser.parse_args(arguments)
    fleet = catalogue(options.count)
    with tempfile.TemporaryDirectory() as folder:
        root = options.root or Path(folder)
        if (root / "overlays").exists():
            fleet = changed(fleet)
        else:
            write_inputs(root, fleet, patched=options.patched)
        stage(root, *resolved(root, fleet), options.out)


if __name__ == "__main__":
    main(sys.argv[1:])
