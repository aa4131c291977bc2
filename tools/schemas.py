"""Makes the JSON schemas that kubeconform reads offline, and copies what tests apply: Argo CD's install, Gateway API.

Usage: schemas.py MODULES.json SCHEMAS_FOLDER ARGO_CD_FOLDER GATEWAY_API_FOLDER

Kubernetes' own schemas come from the wheel kubernetes-validate, the others from CustomResourceDefinitions in Go
modules, whose folders MODULES.json names (output of `go mod download -json`).
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

KUBERNETES = ("1.28", "1.37")
"""The oldest Kubernetes that minikube serves, and the newest that there are schemas for."""
REFERENCE = re.compile(r'"[^"]*#/\$defs/([^"]+)"')
CRDS = {
    "github.com/argoproj/argo-cd/v3": ("manifests/crds/application-crd.yaml", "manifests/crds/appproject-crd.yaml"),
    "sigs.k8s.io/gateway-api": (
        "config/crd/standard/gateway.networking.k8s.io_gateways.yaml",
        "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
    ),
}


def write(path: Path, schema: Any) -> None:
    """Write one schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema), encoding="utf-8")


def kubernetes(version: str, target: Path) -> None:
    """Write the strict schemas of a release, each with the definitions that it needs: one file is quick to read."""
    source = newest(Path(str(files("kubernetes_validate"))) / "kubernetes-json-schema", version)
    definitions = json.loads((source / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    for node in objects(definitions):
        if "onPodConditions" in node.get("required", []):
            # Required by the schema of 1.28 only; the API server takes a rule for exit codes without it.
            node["required"].remove("onPodConditions")
    for path in sorted(source.glob("*-*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        schema.pop("$id", None)
        schema["$defs"] = closure(schema, definitions)
        text = REFERENCE.sub(r'"#/$defs/\1"', json.dumps(schema))
        write(target / f"v{version}.0-local-strict" / path.name, json.loads(text))


def closure(schema: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that the schema refers to, and those that these refer to."""
    found: dict[str, Any] = {}
    waiting = [schema]
    while waiting:
        for name in REFERENCE.findall(json.dumps(waiting.pop())):
            if name not in found:
                found[name] = definitions[name]
                waiting.append(definitions[name])
    return found


def newest(folder: Path, version: str) -> Path:
    """The folder of the release's newest patch."""
    found = sorted(folder.glob(f"v{version}*-local-strict"))
    if not found:
        raise SystemExit(f"{folder} has no schemas for Kubernetes {version}: pin another kubernetes-validate")
    return found[-1]


def custom_resources(path: Path, target: Path) -> None:
    """Write <kind>_<version>.json below the group's name for each served version of a definition."""
    definition = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
    for version in definition["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        for node in objects(schema):
            node.setdefault("additionalProperties", False)
        # Every object may carry them; the definitions leave `metadata` to the API server.
        schema["properties"]["metadata"] = {"type": "object"}
        name = f"{definition['names']['kind'].lower()}_{version['name']}.json"
        write(target / "crds" / definition["group"] / name, schema)


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


def main(arguments: list[str]) -> None:
    """Make the folders anew."""
    listing, schemas, argo_cd, gateway_api = map(Path, arguments)
    decoder, text, modules = json.JSONDecoder(), listing.read_text(encoding="utf-8").strip(), {}
    while text:
        module, end = decoder.raw_decode(text)
        modules[module["Path"]] = Path(module["Dir"])
        text = text[end:].strip()
    for folder in (schemas, argo_cd, gateway_api):
        shutil.rmtree(folder, ignore_errors=True)
    for version in KUBERNETES:
        kubernetes(version, schemas)
    for module, paths in CRDS.items():
        for path in paths:
            custom_resources(modules[module] / path, schemas)
    shutil.copytree(modules["github.com/argoproj/argo-cd/v3"] / "manifests", argo_cd, copy_function=shutil.copyfile)
    gateway_api.mkdir(parents=True)
    for path in CRDS["sigs.k8s.io/gateway-api"]:
        shutil.copyfile(modules["sigs.k8s.io/gateway-api"] / path, gateway_api / Path(path).name)


if __name__ == "__main__":
    main(sys.argv[1:])
