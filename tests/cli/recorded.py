"""Programs that only write down how they were called: what minikube, docker and sudo would have been asked to do."""

import json
import os
import stat
from pathlib import Path

RECORDER = """#!{python}
import json, os, sys
said = sys.stdin.read() if {reads} else ""
with open({log!r}, "a") as log:
    log.write(json.dumps([[os.path.basename(sys.argv[0]), *sys.argv[1:]], said]) + "\\n")
print({prints!r})
sys.exit({code})
"""


class Recorded:
    """A folder of such programs, to be alone on PATH."""

    def __init__(self, folder: Path, python: str) -> None:
        """None is there yet."""
        self.folder = folder
        self.python = python
        self.log = folder / "log"

    def add(self, name: str, *, prints: str = "", code: int = 0, reads: bool = False) -> None:
        """A program that prints a text, and ends with a code."""
        path = self.folder / name
        text = RECORDER.format(python=self.python, log=str(self.log), prints=prints, code=code, reads=reads)
        path.write_text(text, encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[list[str]]:
        """How they were called, in order."""
        return [call for call, _ in self._all()]

    @property
    def inputs(self) -> list[str]:
        """What each was given on its standard input."""
        return [said for _, said in self._all()]

    def _all(self) -> list[tuple[list[str], str]]:
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        return [tuple(json.loads(line)) for line in text.splitlines()]

    @property
    def path(self) -> str:
        """For PATH: these, and what their interpreter needs."""
        return os.pathsep.join([str(self.folder), "/usr/bin", "/bin"])
