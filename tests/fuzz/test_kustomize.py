"""What is drawn comes through Kustomize as it was written, and every rule answers what Kustomize gives."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from constructs_lib.checks.rules import RULES
from constructs_lib.kustomization import KUSTOMIZATION
from constructs_lib.kustomize import kustomize
from constructs_lib.manifest_yaml import dump
from constructs_lib.problem import InvalidInput
from tests.fuzz.answers import findings, told
from tests.fuzz.batches import Many, batches
from tests.fuzz.conftest import TIER, Platforms
from tests.fuzz.lane import drawn
from tests.fuzz.objects import Manifest
from tests.repository import ROOT, copy_inputs

OBJECTS = 40
BATCHES = (2, 60)
"""Of the sample, and of the whole."""
MERGE = "<<"
"""A key that Kustomize takes for YAML's merge key, also where it is quoted, and leaves out."""


class Overlay:
    """A repository in which one tier's overlay has a file of drawn objects among its resources."""

    def __init__(self, root: Path) -> None:
        """Generated files are the repository's own."""
        self.root = copy_inputs(root)
        (root / "dist").symlink_to(ROOT / "dist")
        self.folder = root / "overlays/minikube" / TIER
        kustomization = yaml.safe_load((self.folder / KUSTOMIZATION).read_text(encoding="utf-8"))
        kustomization["resources"].append("drawn.yaml")
        (self.folder / KUSTOMIZATION).write_text(yaml.safe_dump(kustomization), encoding="utf-8")

    def build(self, manifests: Sequence[Manifest]) -> list[Manifest]:
        """All objects of the tier; InvalidInput where Kustomize refuses one."""
        (self.folder / "drawn.yaml").write_text(dump(manifests), encoding="utf-8")
        return kustomize(self.root, self.folder)

    def accepted(self, manifests: Sequence[Manifest]) -> list[Manifest]:
        """Those that Kustomize builds, found by halves; each refusal names the overlay."""
        try:
            self.build(manifests)
        except Exception as error:
            middle = len(manifests) // 2
            if middle:
                return [*self.accepted(manifests[:middle]), *self.accepted(manifests[middle:])]
            told_where = isinstance(error, InvalidInput) and f"overlays/minikube/{TIER}: " in str(error)
            if not told_where:
                raise AssertionError(f"{type(error).__name__}: {error}\n{told(manifests)}") from error
            return []
        return list(manifests)


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    """One for all batches."""
    return Overlay(tmp_path_factory.mktemp("overlay"))


@drawn(*BATCHES)
@given(batches(OBJECTS))
def test_batches(platforms: Platforms, overlay: Overlay, batch: Many) -> None:
    """Nothing is lost or becomes another value between the file and the rules; no rule fails."""
    manifests = overlay.accepted([manifest for _, manifest in batch])
    assert len(manifests) > OBJECTS / 2, "Kustomize refuses most of what is drawn: nothing is tried"
    built = {_identity(manifest): manifest for manifest in overlay.build(manifests)}
    for manifest in manifests:
        found = built[_identity(manifest)]
        assert _comparable(found) == _comparable(manifest), f"it is read as {found}\n{told(manifest)}"
    _answered(platforms, overlay, [built[_identity(manifest)] for manifest in manifests])


def _answered(platforms: Platforms, overlay: Overlay, manifests: Sequence[Manifest]) -> None:
    """Every rule answers all of them; where one does not, the failure is that of the first object alone."""
    inputs = replace(platforms.with_objects(*manifests), root=overlay.root)
    try:
        findings(inputs, RULES, manifests)
    except AssertionError:
        for manifest in manifests if len(manifests) > 1 else ():
            _answered(platforms, overlay, [manifest])
        raise


def _identity(manifest: Manifest) -> tuple[str, str]:
    return str(manifest["kind"]), str(manifest["metadata"]["name"])


def _comparable(manifest: Manifest) -> Any:
    """The object without what Kustomize changes by itself: merge keys, and annotations that are not texts."""
    metadata = dict(manifest["metadata"])
    annotations = metadata.get("annotations")
    if not (annotations and isinstance(annotations, dict) and all(isinstance(v, str) for v in annotations.values())):
        metadata.pop("annotations", None)
    return _typed({**manifest, "metadata": metadata})


def _typed(value: Any) -> Any:
    """The value, in which a text, a number and a boolean are never the same."""
    if isinstance(value, dict):
        return {key: _typed(inner) for key, inner in value.items() if key != MERGE}
    if isinstance(value, list):
        return [_typed(inner) for inner in value]
    return isinstance(value, bool), value
