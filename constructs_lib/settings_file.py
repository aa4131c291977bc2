"""Writing the settings file: the first time, anew from its old form, and with other values; comments stay."""

from collections.abc import Mapping
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from constructs_lib import manifest_yaml
from constructs_lib.command import COMMAND
from constructs_lib.files import write_by_rename
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.settings import FILE, PINS, parsed
from constructs_lib.yaml_edit import INDENT, begin, indented, with_values
from constructs_lib.yaml_files import Place, read_document
from constructs_lib.yaml_loader import load_all

KEEP, DROP = "keep", "drop"
PINS_FIX = f"say --pins {KEEP} if the new one has the same commits, or --pins {DROP}: then all tiers follow the branch"
HEADER = "# What `cdk8s synth` generates for; docs/settings.md says what each key does.\n"
REVISION = "main"
"""The branch that is written where none is named."""
UNREADABLE = f"delete it, and run `{COMMAND} init` again"


def repository(root: Path) -> str | None:
    """The repository's URL as it is written; None where there is none. InvalidInput where the file is unreadable."""
    if not (root / FILE).exists():
        return None
    value = read_document(root / FILE, FILE, UNREADABLE)[0].get("repository")
    return value if isinstance(value, str) else None


def write(
    root: Path,
    catalogue: Catalogue,
    *,
    repository: str,
    revision: str | None = None,
    environment: str | None = None,
    first: str,
    pins: str | None = None,
) -> Path:
    """Write the settings file; one that is there keeps its comments, its environments, and what is given as None.

    `environment` names the one that `revision` is for; it may be left out where there is only one. `first` is the name
    of a repository's first one where nothing else names it. A file with the settings of its only environment at the top
    level is brought into the present form. `pins` is what becomes of pins where the repository is another one, KEEP or
    DROP. InvalidInput where a value is wrong, the file is unreadable, or nobody says what becomes of pins; then nothing
    is changed.
    """
    path = root / FILE
    raw, place = read_document(path, FILE, UNREADABLE) if path.exists() else ({}, Place(FILE, None))
    text, before = path.read_text(encoding="utf-8") if path.exists() else HEADER, raw.get("repository")
    if "environments" not in raw:
        # The lines of what is wrong would be those of a file that nobody has.
        text, raw, place = *_migrated(text, raw, catalogue, environment or first), Place(FILE, None)
    wanted = {"repository": repository, **deepcopy(raw)} | {"repository": repository}
    if revision is not None or environment is not None:
        _set(wanted, environment, {} if revision is None else {"revision": revision})
    pinned = sorted((root / PINS).glob("*.yaml")) if before not in (None, repository) else []
    problems = [] if pins or not pinned else [_unsaid(pinned)]
    try:
        parsed(root, catalogue, wanted, place)
    except InvalidInput as error:
        problems = [*error.problems, *problems]
    if problems:
        raise InvalidInput(problems)
    if pins == DROP:
        for file in pinned:
            file.unlink()
    write_by_rename(path, edited(text, raw, wanted))
    return path


def edited(text: str, raw: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """The text of the file with the content `wanted` in place of `raw`; without comments where that has to be."""
    return with_values(text, raw, wanted) or HEADER + manifest_yaml.dump([dict(wanted)])


def first_values(catalogue: Catalogue, environment: str) -> dict[str, Any]:
    """The settings of a repository's first environment, whose objects of Argo CD have the platform's bare name."""
    machine = {"machine": environment} if environment in catalogue.machines else {}
    tiers = list(map(str, catalogue.tiers))
    return {"applications": catalogue.name, "revision": REVISION, **machine, "tiers": tiers}


def _set(content: Mapping[str, Any], environment: str | None, values: Mapping[str, Any]) -> None:
    """Set values of an environment; without a name, of the only one. InvalidInput where there is no such one."""
    environments = content["environments"] if isinstance(content["environments"], dict) else {}
    chosen = [name for name in environments if environment in (None, name)]
    if len(chosen) != 1:
        message = f"unknown environment {environment!r}" if environment else f"there are {len(chosen)} environments"
        fix = f"use one of: {', '.join(map(str, environments))}; `{COMMAND} new-environment` adds one"
        raise InvalidInput([Problem("--environment", message, fix)])
    if isinstance(environments[chosen[0]], dict):
        environments[chosen[0]] |= values


def _unsaid(pinned: list[Path]) -> Problem:
    names = ", ".join(file.name for file in pinned)
    return Problem(PINS, f"{names}: pins name commits of the repository that was there before", PINS_FIX)


def _migrated(text: str, raw: Mapping[str, Any], catalogue: Catalogue, first: str) -> tuple[str, dict[str, Any]]:
    """Text and content of the file with its settings below an environment; without comments where that has to be."""
    name = raw.get("environment") or first
    own = {key: value for key, value in raw.items() if key not in ("repository", "environment")}
    added = {key: value for key, value in first_values(catalogue, str(name)).items() if key not in own}
    content: dict[str, Any] = {"repository": raw["repository"]} if "repository" in raw else {}
    content["environments"] = {name: {**added, **own}}
    try:
        moved = _moved(text, name, yaml.safe_dump(added, sort_keys=False) if added else "")
        if load_all(moved) == [content]:
            return moved, content
    except yaml.YAMLError:
        pass
    return HEADER + manifest_yaml.dump([content]), content


def _moved(text: str, name: str, added: str) -> str:
    """The text with everything but the repository below the environment; `added` are lines of further settings."""
    text = text.rstrip("\n") + "\n"
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    entries = node.value if isinstance(node, yaml.MappingNode) else []
    # Comments above the first key are the file's.
    starts = [begin(text, key) if number else key.start_mark.index for number, (key, _) in enumerate(entries)]
    bounds = [*starts, len(text)]
    top, head, own = text[: bounds[0]], f"{INDENT}{name}:\n", added
    for (key, value), (start, end) in zip(entries, pairwise(bounds), strict=True):
        if key.value == "repository":
            top += text[start:end]
        elif key.value == "environment":
            above, after = text[start : key.start_mark.index], text[value.end_mark.index : end]
            head = indented(above) + f"{INDENT}{name}:" + (after if after.strip() else "\n")
        else:
            own += text[start:end]
    return f"{top}environments:\n{head}{indented(own, INDENT * 2)}"
