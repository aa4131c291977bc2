"""Text edits of the hand-written files that every component is named in; each keeps the rest byte for byte."""

import ast
import re

from catalogue.tiers import Tier
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolve.problems.places import COMPONENTS, IMAGES


def with_entry(text: str, tier: str, entry: str) -> str:
    """components.py with the entry at the end of its tier's group."""
    group = Tier(tier).name
    lines = text.splitlines(keepends=True)
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == group:
            end = node.value.end_lineno or 0
            if lines[end - 1] == ")\n":
                return "".join([*lines[: end - 1], entry, *lines[end - 1 :]])
    message = f"has no group {group} = (...) with its closing bracket on a line of its own"
    raise InvalidInput([Problem(COMPONENTS, message, "bring it back, or write the entry by hand")])


def with_image(text: str, name: str, line: str) -> str:
    """images.py with the line in its alphabetical place, above the comments of the next one."""
    tree = ast.parse(text)
    table = next((node for node in ast.walk(tree) if isinstance(node, ast.Dict)), None)
    if table is None:
        raise InvalidInput([Problem(IMAGES, "has no table of images", "bring it back, or write the line by hand")])
    entries = [
        (ast.literal_eval(key), value.end_lineno) for key, value in zip(table.keys, table.values, strict=True) if key
    ]
    before = [end for key, end in entries if key < name]
    lines = text.splitlines(keepends=True)
    place = before[-1] if before and before[-1] else table.lineno
    return "".join([*lines[:place], line, *lines[place:]])


def with_patch(text: str, file: str) -> str:
    """A kustomization with one more patch, at the end of the others and indented like them."""
    text = text if text.endswith("\n") else f"{text}\n"
    match = re.search(r"^patches:\n(?:[ #-].*\n)*", text, re.MULTILINE)
    if match is None:
        return f"{text}patches:\n  - path: {file}\n"
    indent = (re.search(r"^ *(?=- )", match[0], re.MULTILINE) or [""])[0]
    return f"{text[: match.end()]}{indent}- path: {file}\n{text[match.end() :]}"
