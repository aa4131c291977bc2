"""Generates a platform of N services as main.py generates ChatDB, but for the publishing.

Usage: ours.py N OUT
"""

import sys
import tempfile
from pathlib import Path

from fleet import catalogue

from constructs_lib import settings_file
from constructs_lib.gitops.kustomizations import write_kustomization
from constructs_lib.gitops.synth import resolved, stage
from constructs_lib.kustomization import DIST, GENERATED
from constructs_lib.model import Catalogue

ENVIRONMENT = "bench"


def write_inputs(root: Path, fleet: Catalogue) -> None:
    """Settings and overlays, as people write them."""
    settings_file.write(root, fleet, repository="https://git.example/bench.git", first=ENVIRONMENT)
    for number, tier in enumerate(fleet.tiers):
        # Quotas are in the first tier.
        generated = [GENERATED] if number == 0 else []
        write_kustomization(root / "overlays" / ENVIRONMENT / tier, [f"{DIST}/{tier}"], generated)


def main(count: int, out: Path) -> None:
    """Everything that is generated: checked, built, written, with kustomizations and Applications."""
    fleet = catalogue(count)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_inputs(root, fleet)
        stage(root, *resolved(root, fleet), out)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
