"""What rendering gives: objects as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Manifest = dict[str, Any]
Identity = tuple[str, str, str]
"""Kind, namespace and name."""
Place = tuple[str, str]
"""A folder of dist/, and the name of a file in it."""


def identity(manifest: Mapping[str, Any]) -> Identity:
    """Kind, namespace and name of an object: what no two objects have in common."""
    metadata = manifest["metadata"]
    return manifest["kind"], str(metadata.get("namespace") or ""), metadata["name"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """`charts` are objects, `texts` the same as YAML, `templates` the objects that each environment completes."""

    charts: Mapping[Place, list[Manifest]]
    templates: Mapping[Place, list[Manifest]]
    texts: Mapping[Place, str] = field(default_factory=dict)

    def base(self, tier: str) -> list[Manifest]:
        """All objects of dist/<tier>."""
        return [one for (folder, _), objects in self.charts.items() if folder == tier for one in objects]

    def to_complete(self, tier: str) -> list[Manifest]:
        """Those of the tier that each environment completes."""
        return [one for (folder, _), objects in self.templates.items() if folder == tier for one in objects]

    def kinds(self) -> frozenset[tuple[str, str]]:
        """(API group, kind) of all objects."""
        every = [*self.charts.values(), *self.templates.values()]
        return frozenset((one["apiVersion"].rpartition("/")[0], one["kind"]) for objects in every for one in objects)
