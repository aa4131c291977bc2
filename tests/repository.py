"""Copies of the repository's inputs, for tests that generate and change them."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from catalogue.components import CATALOGUE
from chatdb.environments import removal, remove
from constructs_lib.backups import read_backups
from constructs_lib.object_store import read_object_store
from constructs_lib.options import Options
from constructs_lib.resolve import resolve
from constructs_lib.settings import read_environments, read_settings
from constructs_lib.yaml_files import Place

ROOT = Path(__file__).resolve().parents[1]
PLATFORM = resolve(CATALOGUE, ROOT)
NOT_RUN = "not run: "
"""How the reason of a skip begins that is to be seen at the end of a run."""
INPUTS = ("overlays", "chatdb.yaml")
PACKAGES = ("catalogue", "chatdb", "constructs_lib")
CODE = (*PACKAGES, "argocd", "dist", "docs", "services", "tests", "tools", "README.md", "pyproject.toml")
TOOLS = (".tools/bin", ".tools/schemas")
IDENTITY = {f"GIT_{who}_{field}": "t@test.invalid" for who in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
"""Who commits, whatever the user's own settings are."""
OPTION_VALUES: dict[str, Any] = {
    "object_store": {"endpoint": "https://s3.example:9443", "buckets": {"model-artifacts": "acme-models"}},
    "backups": {"bucket": "acme-backups"},
}
"""An example of each setting that a trait needs."""
UNCOPIED = shutil.ignore_patterns("__pycache__", ".*_cache")


def copy_inputs(target: Path, environment: str = "minikube") -> Path:
    """A repository with the hand-written files of one environment only, and the installed tools."""
    _copy(INPUTS, target)
    (target / ".tools").mkdir()
    for name in TOOLS:
        (target / name).symlink_to(ROOT / name)
    keep_one(target, environment)
    return target


def keep_one(root: Path, environment: str = "minikube") -> None:
    """Leave one environment alone: most tests are about one, and name none."""
    for one in read_environments(root, CATALOGUE):
        if one.environment != environment:
            remove(root, removal(root, CATALOGUE, one.environment))
    for path in (root / "argocd").glob("*"):
        if path.name not in ("install", environment):
            shutil.rmtree(path)


def copy_repository(target: Path) -> Path:
    """All that is written, generated and installed; a process with PYTHONPATH there runs its code."""
    _copy(CODE, copy_inputs(target))
    keep_one(target)
    return target


def copy_generated(target: Path) -> Path:
    """A repository with the hand-written files and what is generated from them, and the installed tools."""
    _copy(("dist", "argocd"), copy_inputs(target))
    keep_one(target)
    return target


def set_values(root: Path, environment: str, **values: Any) -> None:
    """Set values of the environment in the settings file."""
    path = root / "chatdb.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["environments"][environment] |= values
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def option_values(names: Iterable[str]) -> dict[str, Any]:
    """Values of the settings that the traits of these names need."""
    needed = {trait.option for trait in CATALOGUE.traits if trait.name in set(names)}
    return {option: value for option, value in OPTION_VALUES.items() if option in needed}


def options(names: Iterable[str]) -> Options:
    """The same as what traits read."""
    values, place = option_values(names), Place("chatdb.yaml", None)
    return Options(object_store=read_object_store(values, CATALOGUE, place)[0], backups=read_backups(values, place)[0])


def attach(root: Path, environment: str, names: Iterable[str]) -> None:
    """Add traits, and what they need, to the environment's settings; the rest follows when that is generated."""
    every = [*read_settings(root, CATALOGUE, environment).traits, *names]
    set_values(root, environment, traits=every, **option_values(every))


def _copy(names: tuple[str, ...], target: Path) -> None:
    for name in names:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=UNCOPIED)
        else:
            shutil.copyfile(source, target / name)


def manifests(*folders: Path) -> Iterator[dict[str, Any]]:
    """Every object in the generated YAML files below the folders; without one, of the whole repository."""
    for folder in folders or (ROOT / "dist", *sorted(ROOT.glob("overlays/*/*/generated"))):
        for path in sorted(path for path in folder.rglob("*.yaml") if path.name != "kustomization.yaml"):
            yield from yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def texts(folder: Path) -> dict[str, str]:
    """Relative name and text of every file below the folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
