"""The catalogue as it is written: what cannot even be read is advice, too."""

import re
import traceback
from collections.abc import Sequence
from dataclasses import fields
from enum import EnumType
from importlib import import_module
from pathlib import Path
from typing import Any

from constructs_lib import model
from constructs_lib.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem

UNKNOWN_FIELD = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")
MISSING_FIELDS = re.compile(r"(\w+)\.__init__\(\) missing .* arguments?: (.+)")


def read_catalogue(root: Path, module: str = "catalogue.components") -> Catalogue:
    """Import CATALOGUE of the module below `root`; InvalidInput where Python cannot, with file and line.

    Python stops at the first such mistake, so there is one problem at a time; `resolve` names all others at once.
    """
    try:
        catalogue: Catalogue = import_module(module).CATALOGUE
    except Exception as error:
        raise InvalidInput([_problem(error, root, module)]) from error
    return catalogue


def _problem(error: Exception, root: Path, module: str) -> Problem:
    message, fix = _words(error)
    return Problem(_place(error, root, module), message, fix)


def _place(error: Exception, root: Path, module: str) -> str:
    """file:line of the data that is wrong."""
    data = (root / module.replace(".", "/")).parent
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename, root)}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).resolve().parent == data.resolve()]
    return f"{_relative(own[-1].filename, root)}:{own[-1].lineno}" if own else f"{module.replace('.', '/')}.py"


def _relative(filename: str, root: Path) -> str:
    path = Path(filename).resolve()
    return path.relative_to(root.resolve()).as_posix() if path.is_relative_to(root.resolve()) else filename


def _words(error: Exception) -> tuple[str, str]:
    """What is wrong, and the fix."""
    text = str(error)
    if isinstance(error, SyntaxError):
        return f"is no Python: {error.msg}", "fix the syntax"
    if match := UNKNOWN_FIELD.search(text):
        return f"{match[1]} has no field {match[2]!r}", f"it has: {_listed(_fields(match[1]))}"
    if match := MISSING_FIELDS.search(text):
        return f"{match[1]} lacks {match[2]}", "add what is missing"
    if isinstance(error, NameError):
        return text, "import it, or correct the name"
    if isinstance(error, AttributeError) and isinstance(error.obj, EnumType):
        return f"{error.obj.__name__} has no {error.name}", f"it has: {_listed(list(error.obj.__members__))}"
    return f"{type(error).__name__}: {text}", "fix the line"


def _fields(name: str) -> list[str]:
    kind: Any = getattr(model, name, None)
    return [field.name for field in fields(kind)] if kind else []


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
