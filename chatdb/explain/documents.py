"""The documents of YAML files with the line where each begins, and what they mention: each is parsed at most once."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from chatdb.explain.model import Place
from constructs_lib.yaml_files import read_text, single

SEPARATOR = re.compile(r"^---\n", re.MULTILINE)
ESCAPE = re.compile(r"\\[nrt]")
"""White space inside of double quotes: its letter is no part of the word that follows."""
RUN = re.compile(r"[\w-]+")
"""What a name is found by: a run of characters that no other of these follows or precedes."""


class Words:
    """Names that are looked for as a whole: `kafka` in `http://kafka.chatdb-system`, and not in `kafka-topics`."""

    def __init__(self, *names: str) -> None:
        """Each name begins with a letter or a digit."""
        self.names = names
        self.runs = frozenset(run[0] for run in map(RUN.match, names) if run)
        self.plain = frozenset(names) & self.runs
        self._others = [name for name in names if name not in self.plain]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches each of the names."""
        return pattern(self.names)

    def among(self, runs: frozenset[str], texts: Iterable[str]) -> bool:
        """Whether one of the texts has one of the names; `runs` are those of all of them."""
        if runs & self.plain:
            return True
        if not self._others or not runs & self.runs:
            return False
        rest = pattern(self._others)
        return any(rest.search(text) for text in texts)


def pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Matches each of the names as a whole."""
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, names))})(?![\w-])")


class Document:
    """One document of a file; it is parsed when somebody wants its manifest."""

    def __init__(self, file: str, line: int, text: str) -> None:
        """`line` is that of its first character, from 1."""
        self.place = Place(file, line + _blank(text))
        self._line, self._text = line, text

    @cached_property
    def runs(self) -> frozenset[str]:
        """All that its text could mention."""
        return frozenset(RUN.findall(self._text)) | frozenset(RUN.findall(ESCAPE.sub(" ", self._text)))

    @cached_property
    def manifest(self) -> dict[str, Any] | None:
        """None where it is not a mapping; InvalidInput where it is not valid YAML."""
        # A problem names the line of the file, and not of the part.
        document = single("\n" * (self._line - 1) + self._text, self.place.file)
        return document.content if document and isinstance(document.content, dict) else None

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        manifest = self.manifest or {}
        return (*_texts(manifest), *map(str, manifest.get("data") or {}))

    @cached_property
    def _mentioned(self) -> frozenset[str]:
        return frozenset(run for text in self._texts for run in RUN.findall(text))

    def has(self, words: Words) -> bool:
        """Whether its text has one of the names, in a key or an image, too."""
        return words.among(self.runs, (self._text, ESCAPE.sub(" ", self._text)))

    def mentions(self, words: Words) -> bool:
        """Whether a value of the object has one of the names, or a file of the ConfigMap is called so."""
        return words.among(self._mentioned, self._texts)


class Documents:
    """The documents of these files, found by what their texts have."""

    def __init__(self, root: Path, paths: Iterable[Path]) -> None:
        """InvalidInput where a file cannot be read."""
        self._all = [document for path in paths for document in _documents(root, path)]

    @cached_property
    def _by_run(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = {}
        for number, document in enumerate(self._all):
            for run in document.runs:
                index.setdefault(run, []).append(number)
        return index

    def having(self, words: Words) -> Iterator[tuple[Document, dict[str, Any]]]:
        """The mappings whose text has one of the names; parsing all others would take much longer.

        InvalidInput where such a text is not valid YAML.
        """
        numbers = {number for run in words.runs for number in self._by_run.get(run, ())}
        for document in (self._all[number] for number in sorted(numbers)):
            if document.has(words) and document.manifest is not None:
                yield document, document.manifest


def _documents(root: Path, path: Path) -> Iterator[Document]:
    file = path.relative_to(root).as_posix()
    line, text = 1, read_text(path, file, "run `chatdb synth`")
    for part in SEPARATOR.split(text):
        yield Document(file, line, part)
        line += part.count("\n") + 1


def _blank(text: str) -> int:
    """How many lines at the beginning are comments or empty."""
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines) if line and not line.startswith("#")), 0)


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
