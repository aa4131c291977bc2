"""What goes into an image: the Dockerfile and the files that it copies, and a tag that is a hash of them."""

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from chatdb.images.dockerignore import ignored
from constructs_lib.problem import InvalidInput, Problem

DOCKERFILE = "Dockerfile"
IGNORE = ".dockerignore"
COPY = re.compile(r"^COPY +(?!--from=)(?:--\S+ +)*(.+) +\S+$", re.MULTILINE)
"""The sources of a line; what comes from another stage was copied there."""
TAG_DIGITS = 12
EXECUTABLE = 0o100


def contents(root: Path, source: str) -> Mapping[str, Path]:
    """Relative name -> file, of all that the image in the folder `source` is built from.

    InvalidInput with every line that copies what is not there.
    """
    dockerfile = f"{source}/{DOCKERFILE}"
    included, missing = {dockerfile: root / dockerfile}, []
    left_out = ignored((root / IGNORE).read_text(encoding="utf-8"))
    for name in copied((root / dockerfile).read_text(encoding="utf-8")):
        files = {path.relative_to(root).as_posix(): path for path in _files(root / name)}
        kept = {name: path for name, path in files.items() if not left_out(name)}
        if not kept:
            missing.append(Problem(dockerfile, f"nothing of {name} is there to copy", f"correct it, or {IGNORE}"))
        included |= kept
    if missing:
        raise InvalidInput(missing)
    return dict(sorted(included.items()))


def copied(dockerfile: str) -> Iterable[str]:
    """What the Dockerfile copies from the repository."""
    return (name for sources in COPY.findall(dockerfile.replace("\\\n", " ")) for name in sources.split())


def _files(path: Path) -> Iterator[Path]:
    return (file for file in (path, *path.rglob("*")) if file.is_file())


def tag(files: Mapping[str, Path]) -> str:
    """The same on every machine for the same names, contents and rights to execute."""
    digest = hashlib.sha256()
    for name, path in files.items():
        executable = bool(path.stat().st_mode & EXECUTABLE)
        digest.update(f"{name}\0{executable}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return f"content-{digest.hexdigest()[:TAG_DIGITS]}"


def copy(files: Mapping[str, Path], folder: Path) -> Mapping[str, Path]:
    """Put these files and no others into the folder; where each of them is now."""
    copies = {name: folder / name for name in files}
    for name, path in files.items():
        copies[name].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copies[name])
    return copies
