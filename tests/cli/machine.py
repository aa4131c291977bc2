"""A repository with the sources of images, and programs that build them."""

import json
import sys
from pathlib import Path
from typing import Any

import yaml


class Machine:
    """A repository with sources, and programs on PATH that only note what they are asked."""

    def __init__(self, root: Path, home: Path) -> None:
        """`home` is where they note it."""
        self.root = root
        self.home = home

    def install(self, *programs: str) -> None:
        """Put them on PATH."""
        for program in programs:
            path = self.home / "bin" / program
            path.write_text(f"#!{sys.executable}\n{Path(__file__).with_name('builder.py').read_text()}")
            path.chmod(0o755)

    def calls(self) -> list[list[str]]:
        """Every call, and none of them a second time."""
        path = self.home / "calls"
        calls = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        path.unlink(missing_ok=True)
        return calls

    def builds(self) -> list[list[str]]:
        """The calls that build."""
        return [call for call in self.calls() if "build" in call]

    def tags(self) -> dict[str, str] | None:
        """What images.yaml says."""
        path = self.root / "images.yaml"
        return yaml.safe_load(path.read_text()) if path.exists() else None

    def pushes(self) -> list[list[str]]:
        """The calls that push, and none of them a second time."""
        return [call for call in self.calls() if "push" in call]

    def content(self) -> Any:
        """All that images.yaml says."""
        return yaml.safe_load((self.root / "images.yaml").read_text())
