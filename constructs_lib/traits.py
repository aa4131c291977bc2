"""The optional traits of overlays/components: the tier that each is attached to, and their combinations."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, combinations
from pathlib import Path
from types import MappingProxyType

import yaml

from constructs_lib.catalogue.model import Tier

TRAITS: Mapping[str, Tier] = MappingProxyType(
    {
        "external-credentials": Tier.PLATFORM,
        "gateway-api": Tier.EDGE,
        "object-store-versitygw": Tier.FOUNDATION,
    }
)


def every_combination() -> Iterator[tuple[str, ...]]:
    """From no trait to all of them."""
    return chain.from_iterable(combinations(sorted(TRAITS), size) for size in range(len(TRAITS) + 1))


def attach(overlay: Path, traits: Iterable[str]) -> None:
    """Add the traits to their tiers below the environment's overlay, as docs/traits.md says."""
    for trait in traits:
        path = overlay / TRAITS[trait] / "kustomization.yaml"
        kustomization = yaml.safe_load(path.read_text(encoding="utf-8"))
        kustomization.setdefault("components", []).append(f"../../components/{trait}")
        path.write_text(yaml.safe_dump(kustomization), encoding="utf-8")
