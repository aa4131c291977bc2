"""The list of mutations of the generator, and what each entry says."""

from dataclasses import dataclass
from pathlib import Path

import yaml

LIST = Path(__file__).with_name("mutations.yaml")


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One fact of the generator that is taken away, and the tests that have to fail without it.

    `find` occurs exactly once in `file`; `replace` is written in its place. `generate`: the generated files are written
    anew before the tests, so that the comparison with the committed ones does not help. `golden`: that comparison is
    the only test that fails.
    """

    id: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]
    generate: bool = False
    golden: bool = False

    def occurrences(self, root: Path) -> int:
        """How often the snippet is in the file; 0 where there is no such file."""
        path = root / self.file
        return path.read_text(encoding="utf-8").count(self.find) if path.is_file() else 0


def mutations() -> list[Mutation]:
    """The list, in its order."""
    entries = yaml.safe_load(LIST.read_text(encoding="utf-8"))["mutations"]
    return [Mutation(**entry | {"tests": tuple(entry["tests"])}) for entry in entries]
