"""The one settings file: where the repository is, and which environment is generated."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from constructs_lib import manifest_yaml
from constructs_lib.command import COMMAND, SETTINGS
from constructs_lib.dns import DnsSetting, read_dns
from constructs_lib.files import write_by_rename
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems import problems_of_platform
from constructs_lib.resolve.problems.env_vars import SECRET_URL
from constructs_lib.traits import COMPONENTS
from constructs_lib.yaml_edit import with_values
from constructs_lib.yaml_files import read_mapping

FILE = SETTINGS
ENVIRONMENT = re.compile(rf"(?!{COMPONENTS}$)[a-z]([a-z0-9-]{{0,30}}[a-z0-9])?")
"""It is a folder beside that of the traits."""
REPOSITORY = re.compile(r"(https?://|ssh://|file://)[^\s]+|[^\s@:]+@[^\s:]+:[^\s]+")
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
COMMIT = re.compile(r"[0-9a-f]{40}")
KIND = re.compile(r"(?:([a-z0-9]+(?:[.-][a-z0-9]+)*)/)?([A-Z][A-Za-z0-9]*)")
KEYS = ("repository", "revision", "environment", "tiers", "kinds", "dns")
PINS = "pins"
KEEP, DROP = "keep", "drop"
PINS_FIX = f"say --pins {KEEP} if the new one has the same commits, or --pins {DROP}: then all tiers follow the branch"
HEADER = "# What `cdk8s synth` generates for; docs/settings.md says what each key does.\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What differs between two users of the generator.

    `pins` map a tier to the commit that its Application is pinned to; without one it tracks `revision`. `kinds` are
    (API group, kind) of what overlays may hold besides the kinds of the base manifests.
    """

    repository: str
    revision: str
    environment: str
    tiers: tuple[str, ...]
    pins: tuple[tuple[str, str], ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    dns: DnsSetting = field(default_factory=DnsSetting)

    def target(self, tier: str) -> str:
        """The revision of the tier's Application."""
        return dict(self.pins).get(tier, self.revision)


def pins_path(root: Path, environment: str) -> Path:
    """The file of pins; the command `release` writes it."""
    return root / PINS / f"{environment}.yaml"


def read_settings(root: Path, catalogue: Catalogue) -> Settings:
    """The settings and pins of the repository; InvalidInput with every problem, also of the platform's tiers."""
    if wrong := problems_of_platform(catalogue):
        raise InvalidInput(wrong)
    path = root / FILE
    raw, unreadable = read_mapping(path, FILE, f"run `{COMMAND} init`")
    if unreadable:
        raise InvalidInput(unreadable)
    problems = [
        Problem(FILE, f"{key!r} is not a known setting", f"use {', '.join(KEYS)}") for key in raw if key not in KEYS
    ]
    problems += _texts(raw)
    tiers, of_tiers = _tiers(raw.get("tiers"), catalogue)
    pins, of_pins = _pins(root, str(raw.get("environment", "")), catalogue)
    kinds, of_kinds = _kinds(raw.get("kinds"))
    dns, of_dns = read_dns(raw, catalogue.namespaces)
    problems += [*of_tiers, *of_pins, *of_kinds, *of_dns]
    if problems:
        raise InvalidInput(problems)
    return Settings(
        repository=raw["repository"],
        revision=raw["revision"],
        environment=raw["environment"],
        tiers=tiers,
        pins=pins,
        kinds=kinds,
        dns=dns,
    )


def write(
    root: Path,
    catalogue: Catalogue,
    *,
    repository: str,
    revision: str | None,
    environment: str | None,
    defaults: Mapping[str, str] | None = None,
    pins: str | None = None,
) -> Path:
    """Write the settings; a file that is there keeps its comments, its tiers, and each value for which None is given.

    `defaults` are for what is neither given nor there. `pins` is what becomes of pins where the repository is another
    one, KEEP or DROP. InvalidInput where a value is wrong, the file is unreadable, or nobody says what becomes of pins.
    """
    path = root / FILE
    text, raw = HEADER, dict[str, Any]()
    if path.exists():
        raw, unreadable = read_mapping(path, FILE, f"delete it, and run `{COMMAND} init` again")
        if unreadable:
            raise InvalidInput(unreadable)
        text = path.read_text(encoding="utf-8")
    given = {"repository": repository, "revision": revision, "environment": environment}
    values = {key: raw.get(key, (defaults or {}).get(key)) if value is None else value for key, value in given.items()}
    wanted = {**raw, **values, "tiers": raw.get("tiers") or list(catalogue.tiers)}
    pinned = sorted((root / PINS).glob("*.yaml")) if raw.get("repository") not in (None, repository) else []
    problems = [*_texts(values), *_tiers(wanted["tiers"], catalogue)[1], *problems_of_platform(catalogue)]
    if pinned and pins is None:
        message = (
            f"{', '.join(file.name for file in pinned)}: pins name commits of the repository that was there before"
        )
        problems.append(Problem(PINS, message, PINS_FIX))
    if problems:
        raise InvalidInput(problems)
    if pins == DROP:
        for file in pinned:
            file.unlink()
    write_by_rename(path, with_values(text, raw, wanted) or HEADER + manifest_yaml.dump([wanted]))
    return path


def _texts(raw: dict[str, Any]) -> Iterator[Problem]:
    for key, pattern, example in (
        ("repository", REPOSITORY, "https://git.example/platform.git"),
        ("revision", REVISION, "main"),
        ("environment", ENVIRONMENT, "staging"),
    ):
        value = raw.get(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            message = f"{key} is missing" if value is None else f"{key} is {value!r}"
            yield Problem(FILE, message, f"write something like {key}: {example}")
        elif SECRET_URL.search(value):
            fix = "take it out, and give Argo CD the credentials as docs/argo-cd.md says"
            yield Problem(FILE, f"{key} has a password in its address", fix)


def _tiers(raw: Any, catalogue: Catalogue) -> tuple[tuple[str, ...], list[Problem]]:
    """All tiers where none are named; optional ones may be left out."""
    tiers, optional = catalogue.tiers, sorted(map(str, catalogue.optional_tiers))
    if raw is None:
        return tiers, []
    if not isinstance(raw, list):
        return (), [Problem(FILE, "tiers is not a list", f"list some of {', '.join(tiers)}")]
    problems = [
        Problem(FILE, f"{name!r} is not a known tier", f"use {', '.join(tiers)}") for name in raw if name not in tiers
    ]
    for tier in tiers:
        if tier not in raw and tier not in optional:
            fix = f"add it; only {' and '.join(optional) or 'none'} may be left out"
            problems.append(Problem(FILE, f"tier {tier} is missing", fix))
    return tuple(tier for tier in tiers if tier in raw), problems


def _kinds(raw: Any) -> tuple[tuple[tuple[str, str], ...], list[Problem]]:
    """(API group, kind), sorted; the group is empty for the core group."""
    fix = "list kinds like ConfigMap or autoscaling/HorizontalPodAutoscaler"
    if not isinstance(raw, list | None):
        return (), [Problem(FILE, "kinds is not a list", fix)]
    matches = {str(name): KIND.fullmatch(name) if isinstance(name, str) else None for name in raw or []}
    problems = [Problem(FILE, f"{name!r} is not a kind", fix) for name, match in matches.items() if not match]
    return tuple(sorted((match[1] or "", match[2]) for match in matches.values() if match)), problems


def _pins(root: Path, environment: str, catalogue: Catalogue) -> tuple[tuple[tuple[str, str], ...], list[Problem]]:
    path = pins_path(root, environment)
    if not path.exists():
        return (), []
    name = f"pins/{path.name}"
    raw, problems = read_mapping(path, name, f"delete it, or run `{COMMAND} release`")
    fix = f"run `{COMMAND} release` again"
    for tier, commit in raw.items():
        if tier not in catalogue.tiers:
            problems.append(Problem(name, f"{tier!r} is not a known tier", fix))
        elif not isinstance(commit, str) or not COMMIT.fullmatch(commit):
            problems.append(Problem(name, f"{tier} is pinned to {commit!r}, which is not a full commit id", fix))
    if problems:
        return (), problems
    return tuple(sorted(raw.items())), []
