"""Files that lie beside their constructs."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def resource(path: str) -> str:
    """The text of a file below constructs_lib/components/files."""
    return resource_file(path).read_text(encoding="utf-8")


def resource_file(path: str) -> Traversable:
    """The file itself, for a program that reads it."""
    return files("constructs_lib.components") / "files" / path
