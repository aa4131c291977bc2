"""The hash of what a build reads: it differs wherever the build does."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.kustomize import kustomize
from constructs_lib.kustomize_inputs import inputs
from constructs_lib.problem import InvalidInput
from tests.repository import ROOT

CONFIG_MAP = "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {}}}, data: {{a: b}}}}\n"
PATCH = "{apiVersion: v1, kind: ConfigMap, metadata: {name: base}, data: {c: d}}\n"
TREE: Mapping[str, str] = {
    "overlay/kustomization.yaml": """
resources: [own.yaml, ../base]
components: [../component, ../component/deep]
patches: [{path: parts/patch.yaml}]
replacements: [{path: replacement.yaml}]
transformers: [transformer.yaml]
configurations: [names.yaml]
configMapGenerator: [{name: made, files: [key=made.txt], envs: [made.env]}]
""",
    "overlay/own.yaml": CONFIG_MAP.format("own"),
    "overlay/parts/patch.yaml": PATCH,
    "overlay/replacement.yaml": """
- source: {kind: ConfigMap, name: own, fieldPath: data.a}
  targets: [{select: {name: base}, fieldPaths: [data.e], options: {create: true}}]
""",
    # The patch is named by a file that is no kustomization.
    "overlay/transformer.yaml": """
apiVersion: builtin
kind: PatchTransformer
metadata: {name: a}
path: parts/other.yaml
""",
    "overlay/parts/other.yaml": PATCH.replace("c: d", "f: g"),
    "overlay/names.yaml": "nameReference: []\n",
    "overlay/made.txt": "text",
    "overlay/made.env": "A=b\n",
    "base/kustomization.yaml": "resources: [base.yaml]\n",
    "base/base.yaml": CONFIG_MAP.format("base"),
    "component/kustomization.yaml": "kind: Component\nresources: [one.yaml]\n",
    "component/one.yaml": CONFIG_MAP.format("one"),
    "component/deep/kustomization.yaml": "kind: Component\npatches: [{path: deep.yaml}]\n",
    "component/deep/deep.yaml": PATCH.replace("c: d", "h: i"),
}
ELSEWHERE = ("elsewhere/kustomization.yaml", "base.yaml")


def write(root: Path, files: Mapping[str, str]) -> Path:
    """The tree, and files beside it that no build of the overlay reads."""
    for name, text in {**files, **dict.fromkeys(ELSEWHERE, "resources: []\n")}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def built(root: Path) -> list[dict[str, Any]] | None:
    """What the overlay gives; None where it does not build."""
    with suppress(InvalidInput):
        return kustomize(root, root / "overlay", ROOT)
    return None


@pytest.mark.parametrize("name", TREE)
def test_each_file_counts(tmp_path: Path, name: str) -> None:
    """Without it, the build is another one or fails: so the hash is another one, too."""
    root = write(tmp_path, TREE)
    before, hashed = built(root), inputs(root, root / "overlay")
    assert before
    assert hashed
    (root / name).unlink()
    assert built(root) != before
    assert inputs(root, root / "overlay") != hashed


def test_no_file_outside_counts(tmp_path: Path) -> None:
    """Kustomize refuses it, also where a file that is no kustomization names it."""
    transformer = TREE["overlay/transformer.yaml"].replace("parts", "../component")
    root = write(tmp_path, {**TREE, "overlay/transformer.yaml": transformer, "component/other.yaml": PATCH})
    with pytest.raises(InvalidInput, match="is not in or below"):
        kustomize(root, root / "overlay", ROOT)


def test_same_files_elsewhere(tmp_path: Path) -> None:
    """In another tree, with others beside them."""
    one, other = (write(tmp_path / name, TREE) for name in ("one", "other"))
    for name in ELSEWHERE:
        (other / name).write_text("resources: [gone.yaml]\n")
    hashed = inputs(one, one / "overlay")
    assert hashed
    assert inputs(other, other / "overlay") == hashed


def test_names_count(tmp_path: Path) -> None:
    """A file that is called otherwise keeps its contents, and its place among the others."""
    root = write(tmp_path, TREE)
    hashed = inputs(root, root / "overlay")
    (root / "overlay/own.yaml").rename(root / "overlay/owner.yaml")
    assert inputs(root, root / "overlay") != hashed


@pytest.mark.parametrize("listed", ["../nowhere-to-build", "..", "."])
def test_unknown(tmp_path: Path, listed: str) -> None:
    """A folder that has no kustomization, or that lists itself."""
    root = write(tmp_path, {**TREE, "overlay/kustomization.yaml": f"resources: [{listed}]\n"})
    (root / "nowhere-to-build").mkdir()
    assert inputs(root, root / "overlay") is None


@pytest.mark.parametrize("place", ["overlay/parts", "base"])
def test_link_to_a_folder(tmp_path: Path, place: str) -> None:
    """Kustomize follows it before `..`, so what lies behind it is not known."""
    root = write(tmp_path, TREE)
    (root / place).rename(root / f"{place}-real")
    (root / place).symlink_to(root / f"{place}-real")
    assert built(root)
    assert inputs(root, root / "overlay") is None


def test_link_above_a_folder(tmp_path: Path) -> None:
    """As two folders below it are named through it."""
    root = write(tmp_path, {f"real/{name}": text for name, text in TREE.items()})
    (root / "link").symlink_to(root / "real")
    assert inputs(root, root / "real/overlay")
    assert inputs(root, root / "link/overlay") is None
