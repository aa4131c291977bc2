"""The one settings file: where the repository is, and which environment is generated."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from constructs_lib.catalogue.model import OPTIONAL_TIERS, Tier
from constructs_lib.catalogue.problems.environment import SECRET_URL
from constructs_lib.files import write_by_rename
from constructs_lib.problem import InvalidInput, Problem

FILE = "chatdb.yaml"
ENVIRONMENT = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
REPOSITORY = re.compile(r"(https?://|ssh://|file://)[^\s]+|[^\s@:]+@[^\s:]+:[^\s]+")
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
COMMIT = re.compile(r"[0-9a-f]{40}")
KEYS = ("repository", "revision", "environment", "tiers")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What differs between two users of the generator.

    `pins` map a tier to the commit that its Application is held at; without one it tracks `revision`.
    """

    repository: str
    revision: str
    environment: str
    tiers: tuple[Tier, ...]
    pins: tuple[tuple[Tier, str], ...] = ()

    def target(self, tier: Tier) -> str:
        """The revision of the tier's Application."""
        return dict(self.pins).get(tier, self.revision)


def pins_path(root: Path, environment: str) -> Path:
    """The file of pins; `chatdb release` writes it."""
    return root / "pins" / f"{environment}.yaml"


def load(root: Path) -> Settings:
    """The settings and pins of the repository; InvalidInput with every problem."""
    path = root / FILE
    raw, unreadable = read_mapping(path, FILE, "run `chatdb init`")
    if unreadable:
        raise InvalidInput(unreadable)
    problems = [Problem(FILE, f"{key!r} is no setting", f"use {', '.join(KEYS)}") for key in raw if key not in KEYS]
    problems += _texts(raw)
    tiers, of_tiers = _tiers(raw.get("tiers"))
    pins, of_pins = _pins(root, str(raw.get("environment", "")))
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


def write(root: Path, *, repository: str, revision: str, environment: str) -> Path:
    """Write a settings file with all tiers, and no pins; InvalidInput where a value is none."""
    values = {"repository": repository, "revision": revision, "environment": environment}
    problems = list(_texts(values))
    if problems:
        raise InvalidInput(problems)
    path = root / FILE
    # Pins name commits of the repository that was there before.
    pins_path(root, environment).unlink(missing_ok=True)
    text = yaml.safe_dump({**values, "tiers": [str(tier) for tier in Tier]}, sort_keys=False)
    write_by_rename(path, f"# What `cdk8s synth` generates for; docs/settings.md says what each key does.\n{text}")
    return path


def read_mapping(path: Path, name: str, mend: str) -> tuple[dict[str, Any], list[Problem]]:
    """What the YAML file `name` says, and what is wrong with it."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return {}, [Problem(name, f"cannot be read ({type(error).__name__})", mend)]
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        at = "" if line is None else f" at line {line + 1}"
        return {}, [Problem(name, f"is no YAML{at}", "mend the syntax")]
    if found is None:
        found = {}
    if not isinstance(found, dict):
        return {}, [Problem(name, "is not a mapping of keys to values", mend)]
    return found, []


def _texts(raw: dict[str, Any]) -> Iterator[Problem]:
    for key, pattern, example in (
        ("repository", REPOSITORY, "https://git.example/chatdb.git"),
        ("revision", REVISION, "main"),
        ("environment", ENVIRONMENT, "minikube"),
    ):
        value = raw.get(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            what = f"{key} is missing" if value is None else f"{key} is {value!r}"
            yield Problem(FILE, what, f"write something like {key}: {example}")
        elif SECRET_URL.search(value):
            mend = "take it out, and give Argo CD the credentials as docs/argo-cd.md says"
            yield Problem(FILE, f"{key} has a password in its address", mend)


def _tiers(raw: Any) -> tuple[tuple[Tier, ...], list[Problem]]:
    """All tiers where none are named; testing and monitoring may be left out."""
    if raw is None:
        return tuple(Tier), []
    if not isinstance(raw, list):
        return (), [Problem(FILE, "tiers is no list", f"list some of {', '.join(Tier)}")]
    known = [str(tier) for tier in Tier]
    problems = [Problem(FILE, f"{name!r} is no tier", f"use {', '.join(Tier)}") for name in raw if name not in known]
    for tier in Tier:
        if tier not in raw and tier not in OPTIONAL_TIERS:
            mend = f"add it; only {' and '.join(sorted(OPTIONAL_TIERS))} may be left out"
            problems.append(Problem(FILE, f"tier {tier} is missing", mend))
    return tuple(tier for tier in Tier if tier in raw), problems


def _pins(root: Path, environment: str) -> tuple[tuple[tuple[Tier, str], ...], list[Problem]]:
    path = pins_path(root, environment)
    if not path.exists():
        return (), []
    name = f"pins/{path.name}"
    raw, problems = read_mapping(path, name, "delete it, or run `chatdb release`")
    known = {str(tier): tier for tier in Tier}
    for tier, commit in raw.items():
        if tier not in known:
            problems.append(Problem(name, f"{tier!r} is no tier", "run `chatdb release` again"))
        elif not isinstance(commit, str) or not COMMIT.fullmatch(commit):
            problems.append(
                Problem(name, f"{tier} is held at {commit!r}, which is no full commit id", "run `chatdb release` again")
            )
    if problems:
        return (), problems
    return tuple((known[tier], commit) for tier, commit in sorted(raw.items())), []
