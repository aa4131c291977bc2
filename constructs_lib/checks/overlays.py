"""Rules about the files in overlays/: what Kustomize takes without a word, and does not use."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.checks.transformers import matches, own_target, transformers
from constructs_lib.command import COMMAND, SETTINGS
from constructs_lib.files import is_scratch
from constructs_lib.kustomization import DIST, GENERATED, NAMES, Kustomization, normal
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.rendered import identity
from constructs_lib.settings import PINS, environment_names
from constructs_lib.traits import COMPONENTS

HEAD = frozenset({"apiVersion", "kind"})
TOP_KEYS = HEAD | {"resources"}
OLD_FIELDS = ("patchesStrategicMerge", "patchesJson6902", "bases", "imageTags", "vars")


def all_used(inputs: Inputs) -> Iterator[Problem]:
    """Every file is listed, every patch finds its target, is short, and touches nothing that is final or generated.

    Nothing is of another environment, or of one that is gone.
    """
    overlays = inputs.root / "overlays"
    environment = overlays / inputs.settings.environment
    yield from _top(inputs, environment)
    folders = dict.fromkeys([*(environment / tier for tier in inputs.settings.tiers), *_traits(overlays)])
    for tier in inputs.settings.tiers:
        try:
            yield from _tier(inputs, environment / tier)
        except InvalidInput as error:
            yield from error.problems
    yield from _strays(inputs.root, overlays)
    yield from _gone(inputs)
    for folder in folders:
        yield from _unlisted(inputs.root, folder)


def _tier(inputs: Inputs, path: Path) -> Iterator[Problem]:
    folder = Kustomization(inputs.root, path)
    if normal(inputs.root / "dist" / path.name) not in folder.paths("resources"):
        yield Problem(folder.where, f"it does not list {DIST}/{path.name}", "add it to its resources")
    generated = [Kustomization(inputs.root, path / GENERATED)] if (path / GENERATED).is_dir() else []
    made = [value for part in generated for key, value in part.content.items() if key not in HEAD and value]
    if made and normal(path / GENERATED) not in folder.paths("components"):
        yield Problem(folder.where, f"it does not list {GENERATED}", "add it to its components")
    yield from _foreign(inputs, folder)
    objects, final = folder.objects(), {identity(one) for part in generated for one in part.own_objects()}
    for part in folder.parts():
        if part.folder == path / GENERATED or part.folder.is_relative_to(inputs.root / "dist"):
            continue
        for key in OLD_FIELDS:
            if key in part.content:
                yield Problem(
                    part.place(key), f"{key} is deprecated", "use resources, patches, images and replacements"
                )
        yield from transformers(part, objects, final)


def _foreign(inputs: Inputs, folder: Kustomization) -> Iterator[Problem]:
    """What is listed and not the environment's own: Argo CD would not see it change, and others would change it."""
    own = [inputs.root / "overlays" / name for name in (inputs.settings.environment, COMPONENTS)]
    for key in ("resources", "components"):
        local = folder.paths(key)
        for number, name in enumerate(folder.entries(key)):
            path = normal(folder.folder / name)
            if path not in local or path.is_relative_to(inputs.root / "dist"):
                continue
            if not any(path.is_relative_to(one) for one in own):
                message = f"{name} belongs neither to the environment {inputs.settings.environment} nor to a trait"
                yield Problem(
                    folder.place(key, number), message, f"copy it, or make it a trait in overlays/{COMPONENTS}"
                )
            elif path.is_dir():
                yield from _foreign(inputs, Kustomization(inputs.root, path, folder.within))


def deleted_by_traits(inputs: Inputs, tier: str) -> list[Rendered]:
    """The objects of the tier that traits attached to its overlay delete."""
    folder = Kustomization(inputs.root, inputs.root / "overlays" / inputs.settings.environment / tier)
    targets = [
        patch.target or own_target(content)
        for component in folder.parts()[1:]
        for patch in component.patches()
        for content in patch.contents()
        if isinstance(content, Mapping) and content.get("$patch") == "delete"
    ]
    return [Rendered(tier, one) for one in folder.objects() if any(matches(target, one) for target in targets)]


def sources(inputs: Inputs, obj: Rendered) -> list[str]:
    """The files of the overlay and its traits that hold the object, relative to the repository."""
    folder = Kustomization(inputs.root, inputs.root / "overlays" / inputs.settings.environment / obj.tier)
    paths = [path for part in folder.parts() for path in part.paths("resources") if path.is_file()]
    return [
        path.relative_to(inputs.root).as_posix()
        for path in paths
        if obj.identity in {identity(one) for one in folder.read(path)}
    ]


def _top(inputs: Inputs, environment: Path) -> Iterator[Problem]:
    """What is attached to the environment as a whole reaches `kubectl apply -k`, but no Application."""
    top = Kustomization(inputs.root, environment)
    for key in sorted(set(top.content) - TOP_KEYS, key=str):
        fix = "attach it to the overlay of a tier: Argo CD applies those"
        yield Problem(top.file, f"it has {key}", fix)
    tiers = inputs.platform.tiers
    for path in sorted(environment.iterdir()):
        if path.name not in {*tiers, *NAMES}:
            place = path.relative_to(inputs.root).as_posix()
            yield Problem(place, "it is no tier's folder", f"use {', '.join(tiers)}")


def _traits(overlays: Path) -> list[Path]:
    """The folders overlays/components/<trait>/<tier>."""
    return sorted(path for path in (overlays / COMPONENTS).glob("*/*") if path.is_dir())


def _strays(root: Path, overlays: Path) -> Iterator[Problem]:
    """Files above the folders that have a kustomization."""
    for pattern in ("*", f"{COMPONENTS}/*", f"{COMPONENTS}/*/*"):
        for path in sorted(path for path in overlays.glob(pattern) if not path.is_dir()):
            message = "it belongs to no environment and no trait"
            yield Problem(path.relative_to(root).as_posix(), message, "delete it, or move it to the folder of a tier")


def _gone(inputs: Inputs) -> Iterator[Problem]:
    """What is left of environments that are not in the settings file."""
    names = environment_names(inputs.root)
    folders = {"overlays": {COMPONENTS}, "argocd": {"install"}}
    left = [
        path
        for parent, others in folders.items()
        for path in sorted((inputs.root / parent).glob("*"))
        if path.is_dir() and path.name not in names | others
    ]
    left += [path for path in sorted((inputs.root / PINS).glob("*.yaml")) if path.stem not in names]
    for path in left:
        place, name = path.relative_to(inputs.root).as_posix(), path.stem
        message = f"there is no environment {name}"
        yield Problem(place, message, f"`{COMMAND} remove-environment {name}` removes it; or add it to {SETTINGS}")


def _unlisted(root: Path, path: Path) -> Iterator[Problem]:
    try:
        folder = Kustomization(root, path)
        parts = folder.parts()
    except InvalidInput as error:
        yield from error.problems
        return
    listed = {name for part in parts for name in part.listed()} | {normal(folder.folder / GENERATED)}
    for file in sorted(file for file in folder.folder.rglob("*") if not file.is_dir()):
        if not listed & {normal(file), *normal(file).parents}:
            fix = "delete it" if is_scratch(file.name) else "list it among resources or patches"
            yield Problem(file.relative_to(root).as_posix(), "its kustomization does not list it", fix)
