"""Whether a run would change anything: a hash of all that goes in, and one of all that came out.

Contents count and times do not, so that neither a checkout nor a copy deceives it. Nothing in here starts Node.
"""

import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from constructs_lib import LOADED
from constructs_lib.command import COMMAND, SETTINGS
from constructs_lib.files import is_scratch, write_by_rename
from constructs_lib.gitops.prefix import prefix
from constructs_lib.gitops.publish import SWAP

CODE = Path(__file__).resolve().parents[2]
NOTE = Path(".cdk8s/fingerprint")
CLOCK = 0.01
"""Seconds by which a file system's clock is behind, at most."""
GENERATOR = ("constructs_lib/**/*",)
OTHER_CODE = ("catalogue/**/*", f"{COMMAND}/**/*", "main.py", "services/*/migrations/*")
DATA_INPUTS = (SETTINGS, "images.yaml", "pins/*", "overlays/*/*/**/*")
GENERATED = "overlays/{environment}/*/generated/**/*"
OUTPUTS = ("dist/**/*", "argocd/{environment}/**/*", "overlays/{environment}/*.yaml", GENERATED)
"""In overlays/<env>, the list of tiers and the folders `generated` are generated; all else is written by people."""
ANY = "*"


def code() -> str:
    """A hash of what makes charts of what is resolved: the generator's code, and the versions of all that is installed.

    Where a file has changed since this process began, which may have read it before, no other run has the hash.
    """
    return _code(GENERATOR)


def inputs(root: Path) -> str:
    """A hash of all code, of data, and of the place in the git repository."""
    hasher = hashlib.sha256("\n".join([prefix(root), _code((*GENERATOR, *OTHER_CODE))]).encode())
    _add(hasher, root, _data(root))
    return hasher.hexdigest()


def _data(root: Path) -> list[Path]:
    return _files(root, DATA_INPUTS, without=GENERATED.format(environment=ANY))


def is_input(root: Path, path: Path) -> bool:
    """Whether a file of that path, there or not, is an input of the repository."""
    parts = path.relative_to(root).parts
    found = any(_matches(parts, pattern.split("/")) for pattern in (*GENERATOR, *OTHER_CODE, *DATA_INPUTS))
    return found and _counts(path) and not _is_generated(parts)


def input_folders(root: Path) -> frozenset[Path]:
    """The folders that have inputs, or in which a new folder may have some."""
    found = {root}
    for pattern in (*GENERATOR, *OTHER_CODE, *DATA_INPUTS):
        parts = pattern.split("/")[:-1]
        for length in range(1, len(parts) + 1):
            found |= {path for path in root.glob("/".join(parts[:length])) if path.is_dir() and _counts(path)}
    return frozenset(path for path in found if not _is_generated(path.relative_to(root).parts))


def _is_generated(parts: Sequence[str]) -> bool:
    """Whether the path is that of a folder of what is generated for a tier, or below it."""
    folder = GENERATED.format(environment=ANY).removesuffix("/**/*").split("/")
    return _matches(parts[: len(folder)], folder)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern or not parts:
        return not pattern and not parts
    if pattern[0] == "**":
        return any(_matches(parts[start:], pattern[1:]) for start in range(len(parts)))
    return fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _counts(path: Path) -> bool:
    """Whether the path is of somebody's file, not of Python's or an editor's."""
    return "__pycache__" not in path.parts[-2:] and not is_scratch(path.name)


def unchanged(root: Path, before: str, environment: str | None = None) -> bool:
    """Whether the last run for all environments, or for this one, had these inputs, and its files are what it wrote."""
    if (root / SWAP).exists() or not (root / "argocd" / (environment or "")).is_dir():
        return False
    return any(_is_noted(root, before, one) for one in {ANY, environment or ANY})


def remember(root: Path, before: str, began: float, environment: str | None = None) -> None:
    """Note a finished run that began then (seconds since 1970), when its inputs were `before`.

    Nothing is noted where one has changed meanwhile, also where that is undone: nobody knows what the run has read.
    """
    if inputs(root) == before and not _changed_since(began, _data(root)):
        one = environment or ANY
        write_by_rename(_path(root, one), _note(root, before, one))


def _path(root: Path, environment: str) -> Path:
    return root / (NOTE if environment == ANY else NOTE.with_name(f"{NOTE.name}-{environment}"))


def _is_noted(root: Path, before: str, environment: str) -> bool:
    path = _path(root, environment)
    return path.is_file() and path.read_text(encoding="utf-8") == _note(root, before, environment)


def _note(root: Path, before: str, environment: str) -> str:
    hasher = hashlib.sha256()
    _add(hasher, root, _files(root, [pattern.format(environment=environment) for pattern in OUTPUTS]))
    return f"{before} {hasher.hexdigest()}\n"


def _tools() -> Iterable[str]:
    """Python, Node, and every package: the folder's name has its version."""
    yield sys.version
    yield os.environ.get("JSII_NODE", "node")
    packages = Path(sysconfig.get_path("purelib"))
    yield from sorted(path.name for path in packages.glob("*.dist-info"))


def _code(patterns: Iterable[str]) -> str:
    hasher = hashlib.sha256("\n".join(_tools()).encode())
    files = _files(CODE, patterns)
    _add(hasher, CODE, files)
    if _changed_since(LOADED, files):
        hasher.update(os.urandom(16))
    return hasher.hexdigest()


def _changed_since(moment: float, files: Iterable[Path]) -> bool:
    return any(path.stat().st_ctime > moment - CLOCK for path in files)


def _files(folder: Path, patterns: Iterable[str], without: str = "") -> list[Path]:
    """All files that the patterns find, but those that `without` finds."""
    paths = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    paths -= set(folder.glob(without)) if without else set()
    return sorted(filter(_counts, paths))


def _add(hasher: "hashlib._Hash", folder: Path, files: Iterable[Path]) -> None:
    """Their names, relative to the folder, and their contents."""
    for path in files:
        hasher.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        hasher.update(hashlib.sha256(path.read_bytes()).digest())
    hasher.update(b"\0")
