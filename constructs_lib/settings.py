"""The one settings file: where the repository is, and which environment is generated."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs_lib import manifest_yaml
from constructs_lib.command import COMMAND, SETTINGS
from constructs_lib.files import write_by_rename
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems import problems_of_platform
from constructs_lib.resolve.problems.env_vars import SECRET_URL
from constructs_lib.yaml_files import read_mapping

FILE = SETTINGS
ENVIRONMENT = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
REPOSITORY = re.compile(r"(https?://|ssh://|file://)[^\s]+|[^\s@:]+@[^\s:]+:[^\s]+")
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
COMMIT = re.compile(r"[0-9a-f]{40}")
KEYS = ("repository", "revision", "environment", "tiers")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What differs between two users of the generator.

    `pins` map a tier to the commit that its Application is pinned to; without one it tracks `revision`.
    """

    repository: str
    revision: str
    environment: str
    tiers: tuple[str, ...]
    pins: tuple[tuple[str, str], ...] = ()

    def target(self, tier: str) -> str:
        """The revision of the tier's Application."""
        return dict(self.pins).get(tier, self.revision)


def pins_path(root: Path, environment: str) -> Path:
    """The file of pins; the command `release` writes it."""
    return root / "pins" / f"{environment}.yaml"


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
    problems += [*of_tiers, *of_pins]
    if problems:
        raise InvalidInput(problems)
    return Settings(
        repository=raw["repository"],
        revision=raw["revision"],
        environment=raw["environment"],
        tiers=tiers,
        pins=pins,
    )


def write(root: Path, catalogue: Catalogue, *, repository: str, revision: str, environment: str) -> Path:
    """Write a settings file with all tiers, and no pins; InvalidInput where a value is none."""
    values = {"repository": repository, "revision": revision, "environment": environment}
    problems = [*_texts(values), *problems_of_platform(catalogue)]
    if problems:
        raise InvalidInput(problems)
    path = root / FILE
    # Pins name commits of the repository that was there before.
    pins_path(root, environment).unlink(missing_ok=True)
    text = manifest_yaml.dump([{**values, "tiers": list(catalogue.tiers)}])
    write_by_rename(path, f"# What `cdk8s synth` generates for; docs/settings.md says what each key does.\n{text}")
    return path


def _texts(raw: dict[str, Any]) -> Iterator[Problem]:
    for key, pattern, example in (
        ("repository", REPOSITORY, "https://git.example/platform.git"),
        ("revision", REVISION, "main"),
        ("environment", ENVIRONMENT, "staging"),
    ):
        value = raw.get(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            what = f"{key} is missing" if value is None else f"{key} is {value!r}"
            yield Problem(FILE, what, f"write something like {key}: {example}")
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
