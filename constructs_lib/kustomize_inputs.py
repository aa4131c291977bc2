"""What a build by Kustomize depends on, as one hash: equal hashes give equal objects."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from constructs_lib.kustomization import Kustomization
from constructs_lib.problem import InvalidInput


def inputs(root: Path, folder: Path) -> str | None:
    """SHA-256 of the names, relative to `root`, and contents of all files that a build of the folder can read.

    Kustomize reads no file outside the folders of the kustomizations that one another list: its load restrictions. None
    where these folders are not known, as one of them has no kustomization or a broken one.
    """
    hasher = hashlib.sha256()
    try:
        folders = {part.folder for part in _reached(Kustomization(root, folder))}
        files = {path for one in folders for path in one.rglob("*") if path.is_file()}
        for path in sorted(files):
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
