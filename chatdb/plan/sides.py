"""The two sides of a plan: what an environment consists of in one tree of files, and in another."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatdb.repository import catalogue
from constructs_lib.files import advised_writes
from constructs_lib.gitops import fingerprint
from constructs_lib.gitops.argo_cd import WAVE
from constructs_lib.kustomize import kustomize
from constructs_lib.problem import InvalidInput
from constructs_lib.rendered import Manifest
from constructs_lib.yaml_loader import load_all

AT_ONCE = 2
"""Builds of Kustomize that run beside each other; each of them keeps more than one core busy."""
ARGO_CD = "argocd"
"""The part of an environment that Argo CD itself reads: its projects and Applications."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The objects of one tier; `wave` is the place of its Application in the order, None for Argo CD's own objects."""

    name: str
    wave: int | None
    objects: tuple[Manifest, ...]


Side = tuple[Part, ...]
"""An environment, in the order in which Argo CD applies it."""


@contextmanager
def worked_on(root: Path, environment: str | None) -> Iterator[Path]:
    """The tree that `chatdb synth` would make of the working tree, for one environment or all, to one side.

    The checkout stays as it is. InvalidInput where an input is wrong or an overlay does not build.
    """
    if fingerprint.unchanged(root, fingerprint.inputs(root)):
        yield root
        return
    from constructs_lib.gitops.synth import resolved, stage

    with advised_writes(tempfile.gettempdir()), tempfile.TemporaryDirectory(prefix="chatdb-") as out:
        stage(root, *resolved(root, catalogue(), environment), Path(out))
        yield Path(out)


def side(root: Path, environment: str, tree: Path) -> Side:
    """The environment in a tree; one that the tree does not have gives no parts. InvalidInput where it does not build.

    `root` is the repository whose Kustomize is run.
    """
    folder = tree / "overlays" / environment
    return parts(tree, environment, built(root, tree, {tier: folder / tier for tier in waves(tree, environment)}))


def parts(tree: Path, environment: str, objects: Mapping[str, Sequence[Manifest]]) -> Side:
    """The parts of an environment whose tiers have these objects; the tree says their waves."""
    place = waves(tree, environment)
    own = Part(name=ARGO_CD, wave=None, objects=tuple(_argo_cd(tree, environment)))
    tiers = (Part(name=tier, wave=place[tier], objects=tuple(manifests)) for tier, manifests in objects.items())
    return (*([own] if own.objects else []), *sorted(tiers, key=lambda part: (part.wave or 0, part.name)))


def waves(tree: Path, environment: str) -> dict[str, int]:
    """Tier -> its wave, as the environment's Applications in the tree say."""
    found = {}
    for manifest in _argo_cd(tree, environment):
        path = Path(manifest["spec"].get("source", {}).get("path", "")) if manifest["kind"] == "Application" else Path()
        if path.parent.name == environment and path.parent.parent.name == "overlays":
            found[path.name] = int(manifest["metadata"].get("annotations", {}).get(WAVE, 0))
    return found


def _argo_cd(tree: Path, environment: str) -> Iterator[Manifest]:
    for path in sorted((tree / ARGO_CD / environment).rglob("*.yaml")):
        yield from load_all(path.read_text(encoding="utf-8"))


def built(root: Path, tree: Path, folders: Mapping[str, Path]) -> dict[str, list[Manifest]]:
    """Tier -> the objects of its overlay in the tree; InvalidInput with all that do not build."""

    def build(folder: Path) -> list[Manifest] | InvalidInput:
        try:
            return kustomize(tree, folder, root)
        except InvalidInput as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = dict(zip(folders, pool.map(build, folders.values()), strict=True))
    problems = [problem for one in done.values() if isinstance(one, InvalidInput) for problem in one.problems]
    if problems:
        raise InvalidInput(dict.fromkeys(problems))
    return {tier: one for tier, one in done.items() if not isinstance(one, InvalidInput)}
