"""Every kind that an overlay may hold, as the installed JSON schemas describe it."""

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.repository import ROOT

SCHEMAS = ROOT / ".tools/schemas"
CUSTOM = (ROOT / ".tools/argo-cd/crds", ROOT / ".tools/definitions")
"""Folders of the CustomResourceDefinitions that the schemas were made from."""
DEFINITIONS = "#/$defs/"
OBJECT_META = f"{DEFINITIONS}io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as one version of Kubernetes, or a CustomResourceDefinition, has it."""

    id: str
    path: Path
    api_version: str
    name: str
    kubernetes: str = ""
    """The version of Kubernetes; empty for a custom resource, which is the same with all."""

    @property
    def schema(self) -> Schema:
        """Its JSON schema, with the definitions that it refers to."""
        return read(self.path)


@functools.lru_cache(maxsize=16)
def read(path: Path) -> Schema:
    """The schema in the file; a test takes one kind after the other.

    To Python the end of a pattern, `$`, may have a line break after it, and to what checks them here it may not.
    """
    schema: Schema = json.loads(path.read_text(encoding="utf-8"), object_hook=_with_strict_end)
    return schema


def _with_strict_end(node: Schema) -> Schema:
    pattern = node.get("pattern")
    return {**node, "pattern": pattern[:-1] + r"\Z"} if isinstance(pattern, str) and pattern.endswith("$") else node


@functools.cache
def kinds() -> tuple[Kind, ...]:
    """All kinds whose objects have a name of their own: lists, and what is only a part of others, are left out."""
    return (*_built_in(), *_custom())


def _built_in() -> Iterator[Kind]:
    for path in sorted(SCHEMAS.glob("v*-local-strict/*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        names = schema.get("x-kubernetes-group-version-kind", ())
        if len(names) == 1 and schema.get("properties", {}).get("metadata", {}).get("$ref") == OBJECT_META:
            version = path.parent.name.removeprefix("v").removesuffix("-local-strict")
            api_version = "/".join(part for part in (names[0]["group"], names[0]["version"]) if part)
            yield Kind(f"{version}/{path.stem}", path, api_version, names[0]["kind"], version)


def _custom() -> Iterator[Kind]:
    files = [path for folder in CUSTOM for path in folder.glob("*.yaml")]
    definitions = [yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) for path in files]
    names = {(crd["spec"]["group"], crd["spec"]["names"]["kind"]) for crd in definitions if "spec" in crd}
    for group, name in sorted(names):
        for path in sorted(SCHEMAS.glob(f"crds/{group}/{name.lower()}_*.json")):
            version = path.stem.partition("_")[2]
            yield Kind(f"{group}/{path.stem}", path, f"{group}/{version}", name)
