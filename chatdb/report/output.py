"""Writing the report: what cannot be written is refused, before the work where that is known, and nothing is half."""

import os
from pathlib import Path

from constructs_lib.files import write_by_rename
from constructs_lib.problem import InvalidInput, Problem


def check_output(path: Path) -> None:
    """InvalidInput where the file cannot be there."""
    folder = path.parent
    if path.exists() and not path.is_file():
        raise _refused(path, "is not a regular file", "name another by -o, like report.html")
    if not folder.is_dir():
        raise _refused(path, f"there is no folder {folder}", f"make it (mkdir -p {folder}), or choose another by -o")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _refused(path, f"nothing can be written in {folder.resolve()}", "choose another folder by -o")


def write(path: Path, text: str) -> None:
    """Replace the file as a whole; InvalidInput where the file system refuses, and the old one stays."""
    try:
        write_by_rename(path, text)
    except OSError as error:
        fix = "make room or allow writing there, or choose another folder by -o"
        raise _refused(path, f"cannot be written: {error.strerror}", fix) from error


def _refused(path: Path, what: str, fix: str) -> InvalidInput:
    return InvalidInput([Problem(str(path), what, fix)])
