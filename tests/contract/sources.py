"""Reads facts of a service's source without importing it: its packages are not installed here."""

import ast
from collections.abc import Mapping
from pathlib import Path

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


def number(expression: ast.expr, names: Mapping[str, int]) -> int:
    """The value of a number, a name, or a product of both; LookupError for anything else."""
    match expression:
        case ast.Constant(value=int(value)):
            return value
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return number(left, names) * number(right, names)
    raise LookupError(f"line {expression.lineno}: {ast.unparse(expression)} is not a product of known numbers")


def numbers(path: Path) -> dict[str, int]:
    """The module's constants that are numbers or products of those above them."""
    known: dict[str, int] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Constant(value=int()) | ast.BinOp(op=ast.Mult()) as value
            ):
                known[name] = number(value, known)
    return known
