"""What the tables of docs/real-node.md were measured on: they hold as long as it is the same."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from chatdb.images import content
from constructs_lib.kustomize import kustomize
from tests.node.images import OURS
from tests.repository import ROOT

MEASURING = Path(__file__).parent
PARTS = ("images.py", "long/*.py", "standins/*")
"""Files that decide what runs in place of others' images, and how it is measured."""


def digest() -> str:
    """Of the rendered environment, the sources of the services' images, and how they are measured."""
    return hashlib.sha256("\n".join(_parts()).encode()).hexdigest()[:12]


def _parts() -> Iterator[str]:
    yield json.dumps(kustomize(ROOT, ROOT / "overlays/minikube"), sort_keys=True)
    yield from sorted(content.tag(content.contents(ROOT, str(image.source))) for image in OURS.values())
    for pattern in PARTS:
        yield from (path.read_text(encoding="utf-8") for path in sorted(MEASURING.glob(pattern)) if path.is_file())
