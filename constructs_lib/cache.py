"""What does not have to be made twice: results by a hash of all that they depend on, in a folder below the project.

Whatever is wrong with the folder, the result is made anew: no room, no right to write, a damaged file, another run.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(".cdk8s/cache")
MOST = 64 * 2**20
"""Bytes that a cache may take; what was not used for the longest time goes first."""


@dataclass(frozen=True, slots=True)
class Cache:
    """Results by key, a name without slashes; several runs may share it."""

    folder: Path
    most: int = MOST

    def get(self, key: str) -> bytes | None:
        """The result, if it is there as it was written."""
        path = self.folder / key
        with suppress(OSError):
            digest, _, value = path.read_bytes().partition(b"\n")
            if digest == _digest(value):
                os.utime(path)
                return value
        return None

    def put(self, results: Mapping[str, bytes]) -> None:
        """Keep results by their keys; a reader sees all of one or nothing."""
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            for key, value in results.items():
                with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".", delete=False) as file:
                    file.write(_digest(value) + b"\n" + value)
                Path(file.name).replace(self.folder / key)
        with suppress(OSError):
            self._trim()

    def _trim(self) -> None:
        """Remove what is too much, also what a run has left that was killed or had no room."""
        entries = [(entry.stat(), entry.path) for entry in os.scandir(self.folder)]
        size = sum(status.st_size for status, _ in entries)
        for status, path in sorted(entries, key=lambda entry: entry[0].st_mtime_ns):
            if size <= self.most:
                return
            Path(path).unlink(missing_ok=True)
            size -= status.st_size


def _digest(value: bytes) -> bytes:
    return hashlib.sha256(value).hexdigest().encode()
