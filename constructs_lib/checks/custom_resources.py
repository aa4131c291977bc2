"""JSON schemas of custom kinds, made from their CustomResourceDefinitions."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.yaml_files import documents, read_text

FIX = "put the definition there as its operator publishes it"
TEXT = {"type": "string"}
TEXTS = {"type": "object", "additionalProperties": TEXT}
METADATA = {
    "type": "object",
    "properties": {"name": TEXT, "namespace": TEXT, "labels": TEXTS, "annotations": TEXTS},
}
SAFE = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*/[a-z0-9]+_[a-z0-9]+\.json")


def write_schemas(source: Path, target: Path) -> None:
    """Write <group>/<kind>_<version>.json below `target` for each served version of each definition in `source`.

    `source` is a file, or a folder with files *.yaml, which may not be there. InvalidInput where a file cannot be read,
    or holds anything else.
    """
    paths = sorted(source.glob("*.yaml")) if source.is_dir() else [source] * source.is_file()
    problems: list[Problem] = []
    for path in paths:
        place = f"{source.name}/{path.name}"
        try:
            for document in documents(read_text(path, place, FIX), place):
                if document.content:
                    _write(document.content["spec"], target)
        except InvalidInput as error:
            problems += error.problems
        except (AttributeError, KeyError, TypeError, ValueError):
            problems.append(Problem(place, "it is not a CustomResourceDefinition of apiextensions.k8s.io/v1", FIX))
    if problems:
        raise InvalidInput(problems)


def _write(definition: Mapping[str, Any], target: Path) -> None:
    kind = definition["names"]["kind"].lower()
    for version in definition["versions"]:
        name = f"{definition['group']}/{kind}_{version['name']}.json"
        if not SAFE.fullmatch(name):
            raise ValueError(name)
        schema = version["schema"]["openAPIV3Schema"]
        for node in objects(schema):
            node.setdefault("additionalProperties", False)
        # The definitions leave them to the API server.
        schema["properties"] = {**schema.get("properties", {}), "apiVersion": TEXT, "kind": TEXT, "metadata": METADATA}
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schema), encoding="utf-8")


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """All parts of a schema that list their properties and keep no others."""
    if isinstance(schema, dict):
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            yield schema
        for key, value in schema.items():
            parts = value.values() if key == "properties" else [value]
            for part in parts:
                # A composition repeats some properties of the schema around it: closing it would forbid the rest.
                if key not in ("allOf", "anyOf", "oneOf", "not"):
                    yield from objects(part)
