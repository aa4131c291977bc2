"""Changing values in a YAML file that people have written, without losing their comments."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from constructs_lib.yaml_loader import load_all

Edit = tuple[int, int, str]
"""From one index of the text to another, and what is written there instead."""
INDENT = "  "


def with_values(text: str, old: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """The text of the mapping `old` changed to `wanted`; None where that cannot be written into it.

    A value is written in place of its old one, a new key at the end of its mapping; a key goes with the comments above
    it. Mappings are changed key by key. The result is read again: what anchors or one line for everything do not allow
    is seen then.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        edited = text.rstrip("\n") + "\n" + yaml.safe_dump(dict(wanted), sort_keys=False)
    else:
        edited = text if text.endswith("\n") else text + "\n"
        for start, end, replacement in sorted(_edits(edited, node, old, wanted), reverse=True):
            edited = edited[:start] + replacement + edited[end:]
    try:
        return edited if load_all(edited) == [wanted] else None
    except yaml.YAMLError:
        return None


def _edits(text: str, node: yaml.MappingNode, old: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Edit]:
    for number, (key, value) in enumerate(node.value):
        if key.value not in wanted:
            following = node.value[number + 1][0] if number + 1 < len(node.value) else None
            end = begin(text, following) if following else _end_of_line(text, _last(value).end_mark.index)
            yield begin(text, key), end, ""
        elif wanted[key.value] != old.get(key.value):
            yield from _changed(text, value, old.get(key.value), wanted[key.value])
    if missing := {key: value for key, value in wanted.items() if key not in old}:
        end = _end_of_line(text, _last(node).end_mark.index)
        yield end, end, indented(yaml.safe_dump(missing, sort_keys=False), " " * node.start_mark.column)


def _changed(text: str, node: yaml.Node, old: Any, wanted: Any) -> Iterator[Edit]:
    if isinstance(node, yaml.MappingNode) and isinstance(wanted, dict) and wanted and not node.flow_style:
        yield from _edits(text, node, old, wanted)
        return
    start, end = node.start_mark.index, _last(node).end_mark.index
    replaced = text[start:end]
    yield start, end, _flow(wanted) + replaced[len(replaced.rstrip()) :]


def begin(text: str, key: yaml.Node) -> int:
    """Where the lines of a key begin, with the comments directly above it that have its indentation."""
    start = key.start_mark.index - key.start_mark.column
    while start:
        above = text.rindex("\n", 0, start - 1) + 1 if "\n" in text[: start - 1] else 0
        line = text[above:start]
        if not line.startswith("#", key.start_mark.column) or line[: key.start_mark.column].strip():
            break
        start = above
    return start


def _last(node: yaml.Node) -> yaml.Node:
    """The node that ends last in it: the end of a block is where the next token begins, behind comments."""
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return node


def _end_of_line(text: str, index: int) -> int:
    if text[index - 1] == "\n":
        return index
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def indented(text: str, indent: str = INDENT) -> str:
    """The lines of the text, indented; empty ones stay empty."""
    return "".join(indent + line if line.strip() else line for line in text.splitlines(keepends=True))


def _flow(value: Any) -> str:
    """The value in one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=2**16).removesuffix("...\n").strip()
