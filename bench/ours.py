"""Generates a platform of N services as main.py generates ChatDB, but for the publishing.

Usage: ours.py N OUT
"""

import sys
import tempfile
from pathlib import Path

from fleet import catalogue

from constructs_lib import settings
from constructs_lib.gitops.synth import stage


def main(count: int, out: Path) -> None:
    """Everything that is generated: checked, built, written, with kustomizations and Applications."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        settings.write(root, repository="https://git.example/bench.git", revision="main", environment="bench")
        stage(root, catalogue(count), out)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
