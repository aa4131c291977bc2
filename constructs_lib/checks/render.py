"""Rendering an environment for the rules, tier by tier, as Argo CD does."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.command import SYNTH
from constructs_lib.files import is_scratch
from constructs_lib.kustomize import kustomize_each
from constructs_lib.operated import made_by_operator
from constructs_lib.problem import InvalidInput
from constructs_lib.resolve import varied
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings
from constructs_lib.traits import refuse_misplaced
from constructs_lib.yaml_files import documents, read_text


def inputs(root: Path, platform: ResolvedPlatform, settings: Settings) -> Inputs:
    """Render all tiers of the environment, and read its Argo CD objects; its traits vary the platform."""
    return Inputs(
        root=root,
        platform=varied(platform, settings.traits, settings.options),
        settings=settings,
        rendered=tuple(_tiers(root, settings)),
        argo_cd=tuple(_argo_cd(root, settings.environment)),
    )


def _tiers(root: Path, settings: Settings) -> Iterator[Rendered]:
    """The objects of all tiers, and what operators make of them; InvalidInput with every tier that does not build."""
    folders = [root / "overlays" / settings.environment / tier for tier in settings.tiers]
    refuse_misplaced(root, folders)
    for folder, manifests in kustomize_each(root, folders):
        every = [Rendered(folder.name, manifest) for manifest in manifests]
        yield from every
        yield from (made for one in every for made in _made_of(one))


def _made_of(obj: Rendered) -> list[Rendered]:
    """What an operator makes of it; nothing of what is not as its schema demands: the rule `schema` says that."""
    try:
        return [Rendered(obj.tier, one, source=obj.identity) for one in made_by_operator(obj.manifest)]
    except InvalidInput:
        return []


def _argo_cd(root: Path, environment: str) -> Iterator[Mapping[str, Any]]:
    paths = (root / "argocd" / environment).rglob("*.yaml")
    for path in sorted(path for path in paths if not is_scratch(path.name)):
        name = path.relative_to(root).as_posix()
        text = read_text(path, name, SYNTH)
        yield from (document.content for document in documents(text, name))
