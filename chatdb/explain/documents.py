"""The documents of YAML files with the line where each begins, and what they mention."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chatdb.explain.model import Place
from constructs_lib.yaml_files import read_text, single

SEPARATOR = re.compile(r"^---\n", re.MULTILINE)
ESCAPE = re.compile(r"\\[nrt]")
"""White space inside of double quotes: its letter is no part of the word that follows."""


def documents(root: Path, paths: Iterable[Path], word: re.Pattern[str]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The mappings in these files whose text has the word; reading all others would take much longer.

    InvalidInput where such a text is not valid YAML.
    """
    for path in paths:
        line, text = 1, read_text(path, path.relative_to(root).as_posix(), "run `chatdb synth`")
        for part in SEPARATOR.split(text):
            place = Place(path.relative_to(root).as_posix(), line + _blank(part))
            named = word.search(part) or word.search(ESCAPE.sub(" ", part))
            # A problem names the line of the file, and not of the part.
            document = single("\n" * (line - 1) + part, place.file) if named else None
            manifest = document and document.content
            if isinstance(manifest, dict):
                yield place, manifest
            line += part.count("\n") + 1


def _blank(text: str) -> int:
    """How many lines at the beginning are comments or empty."""
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines) if line and not line.startswith("#")), 0)


def words(*names: str) -> re.Pattern[str]:
    """Matches each of the names as a whole: `kafka` in `http://kafka.chatdb-system`, and not in `kafka-topics`."""
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, names))})(?![\w-])")


def mentions(manifest: dict[str, Any], word: re.Pattern[str]) -> bool:
    """Whether a value of the object has the word, or a file of the ConfigMap is called so."""
    return any(word.search(text) for text in (*_texts(manifest), *(manifest.get("data") or {})))


def _texts(value: Any) -> Iterator[str]:
    """All texts of a manifest but keys and images: an image may be called like a component, and be another's."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key != "image":
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value
