"""Makes the images of a node ahead of its start: `make node-images`."""

import sys
import tempfile
from pathlib import Path

from tests.node.images import Images
from tests.node.up import missing, needed


def main() -> int:
    """The exit code."""
    if wanting := missing():
        print(": ".join(wanting), file=sys.stderr)
        return 1
    images = Images()
    images.own()
    with tempfile.TemporaryDirectory() as folder:
        images.take(needed(Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
