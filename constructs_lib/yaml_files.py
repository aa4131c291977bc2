"""Reading YAML files that people write: what is ambiguous is refused with its line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.yaml_loader import Loader

MOST_NODES = 100_000
"""In one document; an alias counts as all that it stands for."""
DEEPEST = 100
CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?=\s|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says, and the lines of its nodes."""

    content: Any
    node: yaml.Node

    def line(self, *path: str | int) -> int:
        """Line of the value at that path of keys and indices, or of the last of them that is there."""
        node: yaml.Node | None = self.node
        line = self.node.start_mark.line + 1
        for step in path:
            if isinstance(node, yaml.MappingNode):
                key, node = next(((k, v) for k, v in node.value if k.value == step), (node, None))
                line = key.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
        return line


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a YAML file; as a text, the file and the line that a problem names."""

    file: str
    document: Document | None
    path: tuple[str | int, ...] = ()

    def at(self, *path: str | int) -> "Place":
        """The value below this one."""
        return Place(self.file, self.document, (*self.path, *path))

    def __str__(self) -> str:
        """File and line; the file alone where it is empty."""
        return f"{self.file}:{self.document.line(*self.path)}" if self.document else self.file


def read_text(path: Path, name: str, fix: str) -> str:
    """The text of the file; InvalidInput where it cannot be read, or is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InvalidInput([Problem(f"{name}:{line}", "is not text in UTF-8", "save it as such")]) from error
    except (OSError, ValueError) as error:
        raise InvalidInput([Problem(name, f"cannot be read ({type(error).__name__})", fix)]) from error


def documents(text: str, name: str) -> list[Document]:
    """The documents of a text that a person has written; InvalidInput where it is not YAML, or is ambiguous.

    `name` is what a problem names: the line is added to it.
    """
    if conflict := CONFLICT.search(text):
        message = f"conflict marker {conflict[0]}"
        raise InvalidInput([Problem(_place(name, text, conflict), message, "finish the merge, and remove the markers")])
    if odd := yaml.reader.Reader.NON_PRINTABLE.search(text):
        message = f"has the character U+{ord(odd[0]):04X}, which YAML does not allow"
        raise InvalidInput([Problem(_place(name, text, odd), message, "remove it")])
    try:
        return list(_documents(text, name))
    except yaml.YAMLError as error:
        raise InvalidInput([_problem(error, text, name)]) from error


def _place(name: str, text: str, match: re.Match[str]) -> str:
    return f"{name}:{text.count(chr(10), 0, match.start()) + 1}"


def _documents(text: str, name: str) -> Iterator[Document]:
    loader = Loader(text)
    while node := loader.get_node() if loader.check_node() else None:
        if message := _excess(node):
            where = f"{name}:{node.start_mark.line + 1}"
            raise InvalidInput([Problem(where, message, "write the values out, in fewer levels")])
        yield Document(loader.construct_document(node), node)


def _excess(node: yaml.Node) -> str:
    """What makes a document too large to be written out; nothing where it is not."""
    sizes: dict[int, int] = {}
    around: set[int] = set()

    def size(part: yaml.Node) -> int:
        if len(around) > DEEPEST or id(part) in around:
            raise RecursionError
        if id(part) not in sizes:
            around.add(id(part))
            sizes[id(part)] = 1 + sum(size(child) for child in _children(part))
            around.remove(id(part))
        return sizes[id(part)]

    try:
        return f"its aliases stand for more than {MOST_NODES} values" if size(node) > MOST_NODES else ""
    except RecursionError:
        return f"is nested more than {DEEPEST} levels deep, or in itself"


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield from (part for pair in node.value for part in pair)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _problem(error: yaml.YAMLError, text: str, name: str) -> Problem:
    """Where it is, and what the parser says of it."""
    mark = getattr(error, "problem_mark", None)
    message = getattr(error, "problem", None) or "it ends too early"
    if mark is None:
        return Problem(name, f"is not valid YAML: {message}", "fix the syntax")
    where = f"{name}:{mark.line + 1}"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if message.startswith("duplicate key"):
        return Problem(where, message, "remove one of them")
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Problem(where, "is indented by a tab", "use spaces")
    return Problem(where, f"is not valid YAML: {message}", "fix the syntax")


def single(text: str, name: str) -> Document | None:
    """The one document of the text; None where it is empty. InvalidInput where there are more."""
    parsed = documents(text, name)
    if len(parsed) > 1:
        where = f"{name}:{parsed[1].node.start_mark.line + 1}"
        raise InvalidInput([Problem(where, "a second document begins", "keep one document in the file")])
    return parsed[0] if parsed else None


def read_document(path: Path, name: str, fix: str) -> tuple[dict[str, Any], Place]:
    """The mapping that the YAML file `name` holds, empty where the file is, and its place; InvalidInput otherwise."""
    document = single(read_text(path, name, fix), name)
    if document is None or document.content is None:
        return {}, Place(name, None)
    if not isinstance(document.content, dict):
        raise InvalidInput([Problem(f"{name}:{document.line()}", "is not a mapping of keys to values", fix)])
    return document.content, Place(name, document)


def read_mapping(path: Path, name: str, fix: str) -> tuple[dict[str, Any], list[Problem]]:
    """What the YAML file `name` says, and what is wrong with it."""
    try:
        return read_document(path, name, fix)[0], []
    except InvalidInput as error:
        return {}, list(error.problems)
