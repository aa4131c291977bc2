"""What is drawn comes through Kustomize as it was written, and every rule answers what Kustomize gives."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import strategies as st

from constructs_lib.checks.rules import RULES
from constructs_lib.kustomize import kustomize
from constructs_lib.problem import InvalidInput
from tests.fuzz.answers import findings, told
from tests.fuzz.changes import both
from tests.fuzz.conftest import TIER, Platforms
from tests.fuzz.kinds import kinds
from tests.fuzz.lane import examples
from tests.fuzz.objects import Manifest, objects
from tests.repository import ROOT, copy_inputs

OBJECTS = 40
BATCHES = (1, 60)
"""Of the sample, and of the whole."""
MERGE = "<<"
"""A key that Kustomize takes for YAML's merge key, also where it is quoted, and leaves out."""
BREAK = "\u0085"
"""Kustomize writes it as it is, and every reader of YAML takes it for the end of a line: a space."""


class _Quoting(yaml.SafeDumper):
    """Writes every text in double quotes and ASCII: no reader takes it for anything else."""

    def ignore_aliases(self, _data: Any) -> bool:
        """An object that is there twice is written twice."""
        return True


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


class Overlay:
    """A repository in which one tier's overlay has a file of drawn objects among its resources."""

    def __init__(self, root: Path) -> None:
        """Generated files are the repository's own."""
        self.root = copy_inputs(root)
        (root / "dist").symlink_to(ROOT / "dist")
        self.folder = root / "overlays/minikube" / TIER
        path = self.folder / "kustomization.yaml"
        kustomization = yaml.safe_load(path.read_text(encoding="utf-8"))
        kustomization["resources"].append("drawn.yaml")
        path.write_text(yaml.safe_dump(kustomization), encoding="utf-8")

    def build(self, manifests: Sequence[Manifest]) -> list[Manifest]:
        """All objects of the tier; InvalidInput where Kustomize refuses one."""
        (self.folder / "drawn.yaml").write_text(yaml.dump_all(manifests, Dumper=_Quoting), encoding="utf-8")
        return kustomize(self.root, self.folder)

    def accepted(self, manifests: Sequence[Manifest]) -> list[Manifest]:
        """Those that Kustomize builds, found by halves; each refusal names the overlay."""
        try:
            self.build(manifests)
        except Exception as error:
            middle = len(manifests) // 2
            if middle:
                return [*self.accepted(manifests[:middle]), *self.accepted(manifests[middle:])]
            told_where = isinstance(error, InvalidInput) and f"overlays/minikube/{TIER}" in str(error)
            if not told_where:
                raise AssertionError(f"{type(error).__name__}: {error}\n{told(manifests)}") from error
            return []
        return list(manifests)


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    """One for all batches."""
    return Overlay(tmp_path_factory.mktemp("overlay"))


def test_batches(platforms: Platforms, overlay: Overlay) -> None:
    """Nothing is lost or becomes another value between the file and the rules; no rule fails."""
    objects_of_any_kind = st.sampled_from(kinds()).flatmap(lambda kind: st.one_of(*both(objects(kind))))
    drawn = examples(objects_of_any_kind, *(number * OBJECTS for number in BATCHES))
    inputs = replace(platforms.part, root=overlay.root)
    accepted = 0
    for first in range(0, len(drawn), OBJECTS):
        # Kustomize takes no two objects with one identity; an empty namespace is the default one to it.
        batch = {(str(one["kind"]), str(one["metadata"]["name"])): one for one in drawn[first : first + OBJECTS]}
        manifests = overlay.accepted(list(batch.values()))
        accepted += len(manifests)
        built = {_identity(manifest): manifest for manifest in overlay.build(manifests)}
        for manifest in manifests:
            actual = built[_identity(manifest)]
            assert _same(actual, manifest), f"it is read as {actual}\n{told(manifest)}"
        findings(partial(platforms.with_objects, inputs), [built[_identity(manifest)] for manifest in manifests], RULES)
    assert accepted > len(drawn) / 4, "nearly everything that is drawn is refused: nothing is tried"


def _identity(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    parts = [manifest.get("apiVersion"), metadata.get("namespace"), manifest["kind"], metadata["name"]]
    return json.dumps(_typed(parts), sort_keys=True)


def _same(actual: Manifest, written: Manifest) -> bool:
    """Whether it is what was written, but for what Kustomize changes by itself: merge keys, and odd annotations."""
    annotations = written["metadata"].get("annotations")
    is_plain = (
        isinstance(annotations, dict)
        and bool(annotations.keys() - {MERGE})
        and all(isinstance(text, str) for text in annotations.values())
    )
    one, other = (_typed(manifest) for manifest in (actual, written))
    if not is_plain:
        for manifest in (one, other):
            manifest["metadata"].pop("annotations", None)
    return bool(one == other)


def _typed(value: Any) -> Any:
    """The value, in which a text, a number and a boolean are never the same."""
    if isinstance(value, dict):
        return {key: _typed(inner) for key, inner in value.items() if key != MERGE}
    if isinstance(value, list):
        return [_typed(inner) for inner in value]
    return isinstance(value, bool), value.replace(BREAK, " ") if isinstance(value, str) else value
