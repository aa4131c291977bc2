"""Files that lie beside their constructs."""

from importlib.resources import files


def resource(path: str) -> str:
    """The text of a file below constructs_lib/components/files."""
    return (files("constructs_lib.components") / "files" / path).read_text(encoding="utf-8")
