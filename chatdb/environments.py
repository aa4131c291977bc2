"""Adding an environment to the repository, and removing one; no cluster is asked or changed."""

import shutil
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from constructs_lib import manifest_yaml
from constructs_lib.command import COMMAND
from constructs_lib.files import advised_writes, is_scratch, write_by_rename
from constructs_lib.gitops.kustomizations import kustomization
from constructs_lib.kustomization import DIST, GENERATED, KUSTOMIZATION
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import ENVIRONMENT, FILE, Settings, parsed, pins_path, read_environments
from constructs_lib.settings_file import edited
from constructs_lib.yaml_files import Place, read_document, read_text

OWN = ("applications", "cluster", "host")
"""Settings that no two environments share."""


def new_files(
    root: Path,
    platform: ResolvedPlatform,
    name: str,
    *,
    like: Settings | None,
    cluster: str | None,
    traits: Sequence[str] = (),
) -> dict[str, str]:
    """Relative path and text of each file that an environment of that name needs; InvalidInput with every problem.

    Its overlays and settings are those of `like`, or the bases, with the traits besides. `cluster` is by default of the
    environment's name.
    """
    text, raw = _settings_file(root)
    wanted = deepcopy(raw)
    environments = wanted["environments"]
    if name in environments or (root / "overlays" / name).exists():
        raise InvalidInput([Problem(name, "is there already", "choose another name")])
    first = next(iter(environments.values()))
    values = environments[like.environment] if like else {"revision": first["revision"]}
    environments[name] = {"cluster": cluster or name, **{key: values[key] for key in values if key not in OWN}}
    if traits:
        environments[name]["traits"] = list(dict.fromkeys((*(like.traits if like else ()), *traits)))
    parsed(root, platform.catalogue, wanted, Place(FILE, None))
    overlays = _copied(root, like, name) if like else _plain(platform, name)
    return {FILE: edited(text, raw, wanted), **overlays}


def _copied(root: Path, like: Settings, name: str) -> dict[str, str]:
    """The overlays of the tiers of an environment, without what is generated."""
    overlay = root / "overlays" / like.environment
    paths = (path for tier in like.tiers for path in sorted((overlay / tier).rglob("*")) if path.is_file())
    hand_written = {path: path.relative_to(overlay) for path in paths if not is_scratch(path.name)}
    return {
        f"overlays/{name}/{own.as_posix()}": read_text(path, path.relative_to(root).as_posix(), "save it as text")
        for path, own in hand_written.items()
        if own.parts[1] != GENERATED
    }


def _plain(platform: ResolvedPlatform, name: str) -> dict[str, str]:
    """Overlays that change nothing."""
    return {
        f"overlays/{name}/{tier}/{KUSTOMIZATION}": manifest_yaml.dump([kustomization([f"{DIST}/{tier}"], [GENERATED])])
        for tier in platform.tiers
    }


def removal(root: Path, catalogue: Catalogue, name: str) -> dict[str, str | None]:
    """Relative path of each file and folder that changes without the environment, and its new text, or None.

    InvalidInput where there is no such environment and nothing left of one, or no other.
    """
    known = [one.environment for one in read_environments(root, catalogue)]
    text, raw = _settings_file(root)
    candidates = (Path("overlays", name), Path("argocd", name), pins_path(Path(), name))
    left = dict.fromkeys(path.as_posix() for path in candidates if (root / path).exists())
    if name in known:
        if len(known) == 1:
            fix = f"add another first: `{COMMAND} new-environment`"
            raise InvalidInput([Problem(name, "is the only environment", fix)])
        wanted = deepcopy(raw)
        del wanted["environments"][name]
        return {FILE: edited(text, raw, wanted), **left}
    if not left or not ENVIRONMENT.fullmatch(name):
        raise InvalidInput([Problem(name, "unknown environment", f"use one of: {', '.join(known)}")])
    return {**left}


def remove(root: Path, changes: Mapping[str, str | None]) -> None:
    """Do that; InvalidInput where a file cannot be written or removed."""
    with advised_writes(str(root)):
        for path, text in changes.items():
            if text is not None:
                write_by_rename(root / path, text)
            elif (root / path).is_dir():
                shutil.rmtree(root / path)
            else:
                (root / path).unlink()


def _settings_file(root: Path) -> tuple[str, dict[str, Any]]:
    raw, _ = read_document(root / FILE, FILE, f"run `{COMMAND} init`")
    return (root / FILE).read_text(encoding="utf-8"), raw
