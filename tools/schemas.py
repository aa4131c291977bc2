"""Makes the JSON schemas that kubeconform reads offline, and copies what tests apply: Argo CD's install, definitions.

Usage: schemas.py MODULES.json SCHEMAS_FOLDER ARGO_CD_FOLDER DEFINITIONS_FOLDER

Kubernetes' own schemas come from the wheel kubernetes-validate, the others from CustomResourceDefinitions in Go
modules, whose folders MODULES.json names (output of `go mod download -json`).
"""

import json
import re
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from constructs_lib.checks.custom_resources import objects, write_schemas

KUBERNETES = ("1.28", "1.37")
"""The oldest Kubernetes that minikube serves, and the newest that there are schemas for."""
QUANTITY = r"^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"
"""Kubernetes' grammar of quantities, without negative ones: it takes these nowhere that this project writes them."""
TIME = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""RFC 3339, as Kubernetes reads it. These schemas are of a version of JSON Schema to which `format` is a comment."""
REFERENCE = re.compile(r'"[^"]*#/\$defs/([^"]+)"')
ARGO_CD = "github.com/argoproj/argo-cd/v3"
CRDS = {
    ARGO_CD: ("manifests/crds/application-crd.yaml", "manifests/crds/appproject-crd.yaml"),
    "github.com/cloudnative-pg/cloudnative-pg": (
        "config/crd/bases/postgresql.cnpg.io_clusters.yaml",
        "config/crd/bases/postgresql.cnpg.io_scheduledbackups.yaml",
    ),
    "github.com/cloudnative-pg/plugin-barman-cloud": ("config/crd/bases/barmancloud.cnpg.io_objectstores.yaml",),
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
    tighten(definitions)
    for path in sorted(source.glob("*-*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        schema.pop("$id", None)
        schema["$defs"] = closure(schema, definitions)
        text = REFERENCE.sub(r'"#/$defs/\1"', json.dumps(schema))
        write(target / f"v{version}.0-local-strict" / path.name, json.loads(text))


def tighten(definitions: dict[str, Any]) -> None:
    """Add what the API server refuses and its published schema allows, as its documentation of these fields says."""
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {
        "oneOf": [{"type": "string", "pattern": QUANTITY}, {"type": "number", "minimum": 0}]
    }
    for name in ("Time", "MicroTime"):
        definitions[f"io.k8s.apimachinery.pkg.apis.meta.v1.{name}"]["pattern"] = TIME
    percent = {"oneOf": [{"type": "string", "pattern": "^[0-9]{1,9}%$"}, {"type": "integer", "minimum": 0}]}
    port = {"type": "integer", "minimum": 1, "maximum": 65535}
    named = {"oneOf": [{"type": "string", "pattern": "^[a-z0-9-]*[a-z][a-z0-9-]*$", "maxLength": 15}, port]}
    definitions |= {"IntOrPercent": percent, "PortOrName": named}
    percents, ports = {"maxSurge", "maxUnavailable", "minAvailable"}, {"port", "targetPort"}
    for node in objects(definitions):
        for name, field in node["properties"].items():
            if REFERENCE.findall(json.dumps(field)) == ["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]:
                kind = "IntOrPercent" if name in percents else "PortOrName" if name in ports else ""
                field.update({"$ref": f"#/$defs/{kind}"} if kind else {})
            elif name in ("containerPort", *ports) and "integer" in field.get("type", ()):
                field.update(port)
            elif name == "replicas" and "integer" in field.get("type", ()):
                field["minimum"] = 0
    for kind in ("Container", "EphemeralContainer"):
        container = definitions[f"io.k8s.api.core.v1.{kind}"]
        container["required"] = sorted({*container["required"], "image"})
        container["properties"]["image"] |= {"type": "string", "minLength": 1}
    definitions["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]["minItems"] = 1


def closure(schema: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that the schema refers to, and those that these refer to."""
    needed: dict[str, Any] = {}
    waiting = [schema]
    while waiting:
        for name in REFERENCE.findall(json.dumps(waiting.pop())):
            if name not in needed:
                needed[name] = definitions[name]
                waiting.append(definitions[name])
    return needed


def newest(folder: Path, version: str) -> Path:
    """The folder of the release's newest patch."""
    folders = sorted(folder.glob(f"v{version}*-local-strict"))
    if not folders:
        raise SystemExit(f"{folder} has no schemas for Kubernetes {version}: pin another kubernetes-validate")
    return folders[-1]


def main(arguments: list[str]) -> None:
    """Make the folders anew."""
    listing, schemas, argo_cd, definitions = map(Path, arguments)
    decoder, text, modules = json.JSONDecoder(), listing.read_text(encoding="utf-8").strip(), {}
    while text:
        module, end = decoder.raw_decode(text)
        modules[module["Path"]] = Path(module["Dir"])
        text = text[end:].strip()
    for folder in (schemas, argo_cd, definitions):
        shutil.rmtree(folder, ignore_errors=True)
    for version in KUBERNETES:
        kubernetes(version, schemas)
    for module, paths in CRDS.items():
        for path in paths:
            write_schemas(modules[module] / path, schemas / "crds")
    shutil.copytree(modules[ARGO_CD] / "manifests", argo_cd, copy_function=shutil.copyfile)
    definitions.mkdir(parents=True)
    for module, path in ((module, path) for module, paths in CRDS.items() for path in paths if module != ARGO_CD):
        shutil.copyfile(modules[module] / path, definitions / Path(path).name)


if __name__ == "__main__":
    main(sys.argv[1:])
