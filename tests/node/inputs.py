"""What the tables of `make node-long` were measured on: they hold as long as it is the same."""

import hashlib
import json
from collections.abc import Iterator
from functools import cache

import yaml

from chatdb.images import content
from constructs_lib.kustomize import kustomize
from constructs_lib.render import render, render_variation
from constructs_lib.resolve import varied
from tests.node.images import OURS
from tests.repository import PLATFORM, ROOT, option_values, options, texts

PARTS = (
    "tests/node/images.py",
    "tests/node/standins/*",
    "tools/go/cluster/go.mod",
    "tools/go/ingress/go.mod",
    "tools/go/node/go.mod",
)
"""What runs beside the platform, and in place of others' images."""


@cache
def digest(traits: tuple[str, ...] = ()) -> str:
    """Of the rendered environment and traits, the sources of the services' images, and what else runs on the node."""
    return hashlib.sha256("\n".join(_parts(traits)).encode()).hexdigest()[:12]


def _parts(traits: tuple[str, ...]) -> Iterator[str]:
    yield json.dumps(kustomize(ROOT, ROOT / "overlays/minikube"), sort_keys=True)
    yield from sorted(content.tag(content.contents(ROOT, str(image.source))) for image in OURS.values())
    for pattern in PARTS:
        yield from (path.read_text(encoding="utf-8") for path in sorted(ROOT.glob(pattern)))
    for trait in traits:
        yield from map(meaning, texts(ROOT / "dist/traits" / trait).values())
    if option_values(traits):
        # One that needs settings of an environment is not in dist/traits.
        platform = varied(PLATFORM, traits, options(traits))
        charts = render_variation(platform, PLATFORM, render(PLATFORM)).charts
        yield from (json.dumps([*key, objects], sort_keys=True) for key, objects in sorted(charts.items()))


def meaning(text: str) -> str:
    """Generated YAML, whatever its order of keys, also that in patches."""
    documents = list(yaml.safe_load_all(text))
    for document in documents:
        for patch in document.get("patches") or []:
            patch["patch"] = yaml.safe_load(patch["patch"])
    return json.dumps(documents, sort_keys=True)
