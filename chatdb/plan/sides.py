"""The two sides of a plan: what an environment consists of in one tree of files, and in another."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatdb.repository import catalogue
from constructs_lib.files import advised_writes
from constructs_lib.gitops import fingerprint
from constructs_lib.gitops.accounts import ACCESS
from constructs_lib.gitops.argo_cd import WAVE
from constructs_lib.kustomize import kustomize_each
from constructs_lib.rendered import Manifest
from constructs_lib.yaml_loader import load_all

ARGO_CD = "argocd"
"""The part of an environment that Argo CD itself reads: its projects and Applications."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The objects of one tier; `wave` is the place of its Application in the order, None for Argo CD's own objects."""

    name: str
    wave: int | None
    objects: tuple[Manifest, ...]


FOLDERS = (ARGO_CD, "dist", "overlays")
"""All that a side is read from, relative to the project."""
Side = tuple[Part, ...]
"""An environment, in the order in which Argo CD applies it."""


@contextmanager
def worked_on(root: Path, environment: str | None) -> Iterator[Path]:
    """The tree that `chatdb synth` would make of the working tree, for one environment or all, to one side.

    The checkout stays as it is. InvalidInput where an input is wrong or an overlay does not build.
    """
    if fingerprint.unchanged(root, fingerprint.inputs(root), environment):
        yield root
        return
    from constructs_lib.gitops.synth import resolved, stage

    with advised_writes(tempfile.gettempdir()), tempfile.TemporaryDirectory(prefix="chatdb-") as out:
        platform, environments = resolved(root, catalogue(), environment)
        used = {trait for settings in environments for trait in settings.traits}
        stage(root, platform, environments, Path(out), used)
        yield Path(out)


def side(root: Path, environment: str, tree: Path) -> Side:
    """The environment in a tree; one that the tree does not have gives no parts. InvalidInput where it does not build.

    `root` is the repository whose Kustomize is run.
    """
    own, places = tuple(in_argo_cd(tree, environment)), waves(tree, environment)
    tiers = in_order(objects(root, environment, tree, places), places)
    return (Part(name=ARGO_CD, wave=None, objects=own), *tiers) if own else tiers


def objects(root: Path, environment: str, tree: Path, tiers: Iterable[str]) -> dict[str, list[Manifest]]:
    """Tier -> what its overlay in the tree renders to; InvalidInput with each that does not build."""
    folders = (tree / "overlays" / environment / tier for tier in tiers)
    return {folder.name: manifests for folder, manifests in kustomize_each(tree, folders, root)}


def in_order(rendered: Mapping[str, Sequence[Manifest]], places: Mapping[str, int]) -> Side:
    """The tiers that have these objects, in the order of their waves."""
    tiers = (Part(name=tier, wave=places.get(tier, 0), objects=tuple(own)) for tier, own in rendered.items())
    return tuple(sorted(tiers, key=lambda part: (part.wave or 0, part.name)))


def waves(tree: Path, environment: str) -> dict[str, int]:
    """Tier -> its wave, as the environment's Applications in the tree say."""
    found = {}
    for manifest in in_argo_cd(tree, environment):
        if tier := tier_of(manifest):
            found[tier] = int(manifest["metadata"].get("annotations", {}).get(WAVE, 0))
    return found


def tier_of(manifest: Manifest) -> str | None:
    """The tier that it applies, where it is the Application of one."""
    path = Path(manifest["spec"].get("source", {}).get("path", "")) if manifest["kind"] == "Application" else Path()
    return path.name if path.parent.parent.name == "overlays" else None


def in_argo_cd(tree: Path, environment: str) -> Iterator[Manifest]:
    """The projects and Applications; what only an administrator applies is no part of an environment."""
    folder = tree / ARGO_CD / environment
    for path in sorted({*folder.rglob("*.yaml")} - {*folder.glob(ACCESS)}):
        yield from load_all(path.read_text(encoding="utf-8"))


def accounts(tree: Path, environment: str) -> Iterator[Manifest]:
    """What is shipped for an administrator to apply: accounts, and what they may do."""
    for path in sorted((tree / ARGO_CD / environment).glob(ACCESS)):
        yield from load_all(path.read_text(encoding="utf-8"))
