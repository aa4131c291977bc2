"""What is done to the overlays' files for the rule `overlays` to find: its name says what."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml


def attach(folder: Path, key: str, *entries: Any) -> None:
    """Add entries to a list of the folder's kustomization."""
    path = folder / "kustomization.yaml"
    content = yaml.safe_load(path.read_text())
    content[key] = [*content.get(key, []), *entries]
    path.write_text(yaml.safe_dump(content))


def patch_of_nothing(overlay: Path) -> None:
    attach(overlay / "core", "patches", {"target": {"kind": "Deployment", "name": "model"}, "patch": "- {op: test}"})


def patch_of_no_label(overlay: Path) -> None:
    attach(overlay / "core", "patches", {"target": {"labelSelector": "app=model"}, "patch": "- {op: test}"})


def patch_of_an_unknown_selector(overlay: Path) -> None:
    attach(overlay / "core", "patches", {"target": {"labelSelector": "app in (kafka)"}, "patch": "- {op: test}"})


def patch_of_a_job(overlay: Path) -> None:
    attach(overlay / "setup", "patches", {"target": {"name": "kafka-topics-.*"}, "patch": "- {op: test}"})


def patch_of_a_config_map(overlay: Path) -> None:
    patch = "{apiVersion: v1, kind: ConfigMap, metadata: {name: ml-engine-config, namespace: chatdb-services}}"
    attach(overlay / "processing", "patches", {"patch": patch})


def long_patch(overlay: Path) -> None:
    path = overlay / "core/model-registry.yaml"
    path.write_text(path.read_text() + "# so much to say\n" * 20)


def forgotten_patch(overlay: Path) -> None:
    (overlay / "core/replicas.yaml").write_text("kind: Deployment\n")


def forgotten_base(overlay: Path) -> None:
    content = {"kind": "Kustomization", "resources": []}
    (overlay / "platform/kustomization.yaml").write_text(yaml.safe_dump(content))


def unknown_tier(overlay: Path) -> None:
    (overlay / "procesing").mkdir()


def trait_for_all(overlay: Path) -> None:
    attach(overlay, "components", "../components/gateway-api/edge")


def trait_in_the_wrong_tier(overlay: Path) -> None:
    attach(overlay / "core", "components", "../../components/gateway-api/edge")


def resource_from_elsewhere(overlay: Path) -> None:
    attach(overlay / "core", "resources", "../../../..")


def patch_from_elsewhere(overlay: Path) -> None:
    attach(overlay / "core", "patches", {"path": "../../../../patch.yaml"})


def old_field(overlay: Path) -> None:
    attach(overlay / "core", "patchesStrategicMerge")


FILES: list[tuple[Callable[[Path], None], str]] = [
    (patch_of_nothing, "the tier has no object with kind Deployment, name model"),
    (patch_of_no_label, "the tier has no object with labelSelector app=model"),
    (patch_of_an_unknown_selector, "the tier has no object with labelSelector app in (kafka)"),
    (patch_of_a_job, "it changes a Job"),
    (patch_of_a_config_map, "it changes a ConfigMap"),
    (long_patch, "lines, more than 20"),
    (forgotten_patch, "its kustomization does not list it"),
    (forgotten_base, "it does not list ../../../dist/platform"),
    (unknown_tier, "it is no tier's folder"),
    (trait_for_all, "it has components"),
    (resource_from_elsewhere, "../../../.. is outside the repository"),
    (patch_from_elsewhere, "../../../../patch.yaml is outside the repository"),
    (trait_in_the_wrong_tier, "the tier has no object with kind Ingress"),
    (old_field, "patchesStrategicMerge is deprecated"),
]
