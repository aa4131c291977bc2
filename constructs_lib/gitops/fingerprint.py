"""Whether a run would change anything: a hash of all that goes in, and one of all that came out.

Contents count and times do not, so that neither a checkout nor a copy deceives it. Nothing in here starts Node.
"""

import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterable
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
GENERATED = "overlays/*/*/generated/**/*"
OUTPUTS = ("dist/**/*", "argocd/**/*", "overlays/*/*.yaml", GENERATED)
"""In overlays/<env>, the list of tiers and the folders `generated` are generated; all else is written by people."""


def code() -> str:
    """A hash of what makes charts of what is resolved: the generator's code, and the versions of all that is installed.

    Where a file has changed since this process began, which may have read it before, no other run has the hash.
    """
    return _code(GENERATOR)


def inputs(root: Path) -> str:
    """A hash of all code, of data, and of the place in the git repository."""
    hasher = hashlib.sha256("\n".join([prefix(root), _code((*GENERATOR, *OTHER_CODE))]).encode())
    _add(hasher, root, DATA_INPUTS, without=GENERATED)
    return hasher.hexdigest()


def unchanged(root: Path, before: str) -> bool:
    """Whether the last run had these inputs, and its files are still what it wrote."""
    note = root / NOTE
    interrupted = (root / SWAP).exists()
    return not interrupted and note.is_file() and note.read_text(encoding="utf-8") == _note(root, before)


def remember(root: Path, before: str) -> None:
    """Note a finished run; `before` are its inputs as they were when it began: what changed meanwhile is new."""
    write_by_rename(root / NOTE, _note(root, before))


def _note(root: Path, before: str) -> str:
    hasher = hashlib.sha256()
    _add(hasher, root, OUTPUTS)
    return f"{before} {hasher.hexdigest()}\n"


def _tools() -> Iterable[str]:
    """Python, Node, and every package: the folder's name has its version."""
    yield sys.version
    yield os.environ.get("JSII_NODE", "node")
    packages = Path(sysconfig.get_path("purelib"))
    yield from sorted(path.name for path in packages.glob("*.dist-info"))


def _code(patterns: Iterable[str]) -> str:
    hasher = hashlib.sha256("\n".join(_tools()).encode())
    if any(path.stat().st_ctime > LOADED - CLOCK for path in _add(hasher, CODE, patterns)):
        hasher.update(os.urandom(16))
    return hasher.hexdigest()


def _add(hasher: "hashlib._Hash", folder: Path, patterns: Iterable[str], without: str = "") -> list[Path]:
    """Names and contents of all files that the patterns find, but those that `without` finds; the files."""
    paths = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    paths -= set(folder.glob(without)) if without else set()
    files = sorted(path for path in paths if path.parent.name != "__pycache__" and not is_scratch(path.name))
    for path in files:
        hasher.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        hasher.update(hashlib.sha256(path.read_bytes()).digest())
    hasher.update(b"\0")
    return files
