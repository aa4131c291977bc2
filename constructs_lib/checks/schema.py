"""Schemas: every object is valid for the oldest and the newest Kubernetes, and for Argo CD's own definitions."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from constructs_lib.checks.custom_resources import write_schemas
from constructs_lib.checks.model import Inputs
from constructs_lib.command import COMMAND
from constructs_lib.kustomize import tool
from constructs_lib.problem import InvalidInput, Problem

SCHEMAS = ".tools/schemas"
SECONDS = 120
KINDS_FILE = "{{.NormalizedKubernetesVersion}}-local{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json"
CRDS = "crds"
CRD_FILE = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
DEFINITIONS = "schemas"
"""The folder for definitions of kinds that an environment allows besides the platform's own."""
FIX = "correct the construct or the patch that writes it"
DETAIL = re.compile(r" - at '([^']*)': (.*?)(?=\s+- at '|$)", re.DOTALL)
SUMMARIES = ("validation failed", "'oneOf' failed, none matched", "'anyOf' failed, none matched")
"""Lines of kubeconform that others explain."""

Manifest = Mapping[str, Any]


def split(inputs: Inputs) -> tuple[list[Problem], Inputs]:
    """Every violation, and the inputs without the objects that have one, for the other rules.

    A null in an optional field is dropped, as the API server does. With an object goes what an operator makes of it.
    """
    rendered = [replace(obj, manifest=_plain(obj.manifest)) for obj in inputs.rendered]
    argo_cd = [_plain(manifest) for manifest in inputs.argo_cd]
    complaints = _complaints(inputs.root, [*(obj.manifest for obj in rendered), *argo_cd])
    of_rendered = list(zip(rendered, complaints, strict=False))
    of_argo_cd = list(zip(argo_cd, complaints[len(rendered) :], strict=True))
    refused = {one.identity for one, wrong in of_rendered if wrong and _is_named(one.manifest)}
    problems = [
        *(
            Problem(_where(one.manifest, one.tier), violation, _fix(violation))
            for one, wrong in of_rendered
            if one.source not in refused
            for violation in wrong
        ),
        *(
            Problem(_where(manifest), violation, _fix(violation))
            for manifest, wrong in of_argo_cd
            for violation in wrong
        ),
    ]
    valid = replace(
        inputs,
        rendered=tuple(one for one, wrong in of_rendered if not wrong and one.source not in refused),
        argo_cd=tuple(manifest for manifest, wrong in of_argo_cd if not wrong),
        invalid=tuple(one for one, wrong in of_rendered if wrong and _is_named(one.manifest)),
    )
    return problems, valid


def violations(inputs: Inputs) -> list[Problem]:
    """What `split` finds."""
    return split(inputs)[0]


def _plain(value: Any) -> Any:
    """The same without nulls in mappings."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items() if each is not None}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _complaints(root: Path, objects: Sequence[Manifest]) -> list[list[str]]:
    """What is wrong with each object, in words that are the same for all Kubernetes versions that share them."""
    texts = [_json(manifest) for manifest in objects]
    by_text: list[dict[str, list[str]]] = [
        {violation: [] for violation in _at_first_sight(*one)} for one in zip(objects, texts, strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        # Files, since only their names tell two objects of one kind and name apart.
        for number, text in enumerate(texts):
            if not by_text[number]:
                Path(folder, f"{number}.json").write_text(str(text), encoding="utf-8")
        write_schemas(root / DEFINITIONS, Path(folder, CRDS))
        answers = [(version, pool.submit(_kubeconform, root, Path(folder), version)) for version in versions(root)]
        for version, answer in answers:
            for number, violation in answer.result():
                by_text[number].setdefault(violation, []).append(version)
    return [[_for(violation, affected) for violation, affected in wrong.items()] for wrong in by_text]


def _at_first_sight(manifest: Manifest, text: str | None) -> Iterator[str]:
    """What is wrong whatever the kind is."""
    if text is None:
        yield "it holds what JSON cannot hold"
    elif not _is_named(manifest):
        yield "it has no kind, or no name"
    elif manifest["kind"] == "List":
        yield "it is a list of objects, and not one"
    elif _has_empty_item(manifest):
        yield "it has a list with an empty item"


def _has_empty_item(value: Any) -> bool:
    """Schemas allow null there; the API server takes it for an object without its required fields."""
    if isinstance(value, Mapping):
        return any(_has_empty_item(each) for each in value.values())
    return isinstance(value, list) and any(each is None or _has_empty_item(each) for each in value)


def _json(manifest: Manifest) -> str | None:
    try:
        text = json.dumps(manifest, ensure_ascii=False, allow_nan=False)
        return text if text.encode() else None
    except (TypeError, ValueError, RecursionError):
        return None


def _is_named(manifest: Manifest) -> bool:
    """Whether findings can name the object."""
    kind, metadata = manifest.get("kind"), manifest.get("metadata")
    return isinstance(kind, str) and isinstance(metadata, Mapping) and bool(metadata.get("name"))


def _for(violation: str, versions: Iterable[str]) -> str:
    words = ", ".join(versions)
    return f"not valid for Kubernetes {words}: {violation}" if words else violation


def _where(manifest: Manifest, tier: str = "") -> str:
    """How a finding names an object that may lack everything."""
    metadata = manifest.get("metadata")
    named = metadata if isinstance(metadata, Mapping) else {}
    place = "/".join(str(named[key]) for key in ("namespace", "name") if named.get(key)) or "without a name"
    words = f"{manifest.get('kind') or 'object'} {place}"
    return f"tier {tier}: {words}" if tier else words


def _fix(violation: str) -> str:
    if "could not find schema" in violation:
        return "correct apiVersion and kind, or put the CustomResourceDefinition of the kind into schemas/"
    return FIX


def versions(root: Path) -> list[str]:
    """The Kubernetes versions that there are schemas for, oldest first."""
    folders = sorted((root / SCHEMAS).glob("v*-local-strict"))
    if not folders:
        raise InvalidInput([Problem(SCHEMAS, "there are no schemas", "run `make setup-synth`")])
    return [folder.name.removeprefix("v").removesuffix("-local-strict") for folder in folders]


def _kubeconform(root: Path, folder: Path, version: str) -> list[tuple[int, str]]:
    """(number of the object, violation); a kind without a schema is one."""
    command = [tool(root, "kubeconform"), "-strict", "-output", "json", "-kubernetes-version", version]
    for place in (
        f"{root / SCHEMAS}/{KINDS_FILE}",
        f"{root / SCHEMAS}/{CRDS}/{CRD_FILE}",
        f"{folder}/{CRDS}/{CRD_FILE}",
    ):
        command += ["-schema-location", place]
    files = [str(path) for path in folder.glob("*.json")]
    done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=SECONDS, check=False)
    try:
        resources = json.loads(done.stdout)["resources"]
    except (ValueError, KeyError) as error:
        words = done.stderr.strip() or "says nothing"
        raise InvalidInput([Problem("kubeconform", words, f"run `{COMMAND} doctor`")]) from error
    return [(int(Path(one["filename"]).stem), violation) for one in resources for violation in _details(one["msg"])]


def _details(message: str) -> Iterator[str]:
    """The innermost complaints of kubeconform, each with the path of its field."""
    pairs = [(path, " ".join(violation.split())) for path, violation in DETAIL.findall(message)]
    plain = [(path, violation) for path, violation in pairs if violation not in SUMMARIES]
    if not plain:
        yield " ".join(message.split())
    paths = dict.fromkeys(path for path, _ in plain)
    for path in paths:
        words = dict.fromkeys(violation for other, violation in plain if other == path)
        quantity = next((violation for violation in words if violation.endswith("[eE][+-]?[0-9]+)?$'")), None)
        if quantity:
            value = quantity.partition(" does not match")[0]
            yield f"{path}: {value} is not a legal quantity; write it like 250m, 512Mi or 1Gi"
        else:
            yield f"{path}: {' or '.join(words)}" if path else " or ".join(words)
