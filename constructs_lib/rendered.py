"""What rendering gives: objects as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]


def identity(manifest: Mapping[str, Any]) -> tuple[str, str, str]:
    """Kind, namespace and name of an object: what no two objects have in common."""
    metadata = manifest["metadata"]
    return manifest["kind"], str(metadata.get("namespace") or ""), metadata["name"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """`charts` are objects by (folder in dist/, file), `templates` by tier those that each environment completes."""

    charts: Mapping[tuple[str, str], list[Manifest]]
    templates: Mapping[str, list[Manifest]]

    def kinds(self) -> frozenset[tuple[str, str]]:
        """(API group, kind) of all objects."""
        every = [*self.charts.values(), *self.templates.values()]
        return frozenset((one["apiVersion"].rpartition("/")[0], one["kind"]) for objects in every for one in objects)
