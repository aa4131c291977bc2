"""What a build by Kustomize depends on, as one hash: equal hashes give equal objects."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from constructs_lib.kustomization import Kustomization, normal
from constructs_lib.problem import InvalidInput


def inputs(root: Path, folder: Path) -> str | None:
    """SHA-256 of the names, relative to `root`, and contents of all files that a build of the folder can read.

    Kustomize reads no file outside the folders of the kustomizations that one another list: its load restrictions. None
    where that is not known: a folder that is named has no kustomization, a broken one, or is not below `root`; or there
    is a link, which Kustomize follows before it looks for `..`.
    """
    root, hasher = normal(root), hashlib.sha256()
    try:
        folders = {part.folder for part in _reached(Kustomization(root, folder))}
        ways = {root / way for one in folders for way in [*one.relative_to(root).parents][:-1]}
        paths = {path for one in folders for path in (one, *one.rglob("*"))}
        if any(path.is_symlink() for path in ways | paths):
            return None
        for path in sorted(path for path in paths if path.is_file()):
            hasher.update(f"{path.relative_to(root).as_posix()}\0".encode())
            hasher.update(hashlib.sha256(path.read_bytes()).digest())
    except (InvalidInput, OSError, ValueError):
        return None
    return hasher.hexdigest()


def _reached(kustomization: Kustomization) -> Iterator[Kustomization]:
    """Itself, and every one in a folder that it names, in whatever field."""
    yield kustomization
    for folder in kustomization.folders():
        yield from _reached(folder)
