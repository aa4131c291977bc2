"""Schemas: every object is valid for the oldest and the newest Kubernetes, and for Argo CD's own definitions."""

import json
import subprocess
from collections.abc import Iterator

from constructs_lib import manifest_yaml
from constructs_lib.checks.model import Inputs
from constructs_lib.command import COMMAND
from constructs_lib.kustomize import tool
from constructs_lib.problem import InvalidInput, Problem

SCHEMAS = ".tools/schemas"
SECONDS = 120
KINDS_FILE = "{{.NormalizedKubernetesVersion}}-local{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json"
CRDS_FILE = "crds/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"


def versions(inputs: Inputs) -> list[str]:
    """The Kubernetes versions that there are schemas for, oldest first."""
    folders = sorted((inputs.root / SCHEMAS).glob("v*-local-strict"))
    if not folders:
        raise InvalidInput([Problem(SCHEMAS, "there are no schemas", "run `make setup-synth`")])
    return [folder.name.removeprefix("v").removesuffix("-local-strict") for folder in folders]


def valid_for_kubernetes(inputs: Inputs) -> Iterator[Problem]:
    """Run kubeconform over everything at once, for each version; a kind without a schema is an error."""
    objects = [*(found.manifest for found in inputs.rendered), *inputs.argo_cd]
    text = manifest_yaml.dump(objects)
    for version in versions(inputs):
        for resource in _kubeconform(inputs, version, text):
            where = f"{resource['kind']} {resource['name']}"
            fix = "correct the construct or the patch that writes the field"
            yield Problem(where, f"not valid for Kubernetes {version}: {resource['msg']}", fix)


def _kubeconform(inputs: Inputs, version: str, text: str) -> list[dict[str, str]]:
    folder = inputs.root / SCHEMAS
    command = [tool(inputs.root, "kubeconform"), "-strict", "-output", "json", "-kubernetes-version", version]
    for template in (KINDS_FILE, CRDS_FILE):
        command += ["-schema-location", f"{folder}/{template}"]
    done = subprocess.run([*command, "-"], input=text, capture_output=True, text=True, timeout=SECONDS, check=False)
    try:
        found: list[dict[str, str]] = json.loads(done.stdout)["resources"]
    except (ValueError, KeyError) as error:
        raise InvalidInput(
            [Problem("kubeconform", done.stderr.strip() or "says nothing", f"run `{COMMAND} doctor`")]
        ) from error
    return found
