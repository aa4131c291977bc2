"""Reads facts of a service's source without importing it: its packages are not installed here."""

import ast

from tests.repository import ROOT


def assigned(path: str, name: str) -> object:
    """The literal that a module, or a class in it, gives to `name`; LookupError where there is none."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                return ast.literal_eval(value)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                return ast.literal_eval(value)
    raise LookupError(f"{path}: nothing is assigned to {name}")
