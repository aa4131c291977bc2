"""The catalogue as it is written: what cannot even be read is advice, too."""

import re
import traceback
from collections.abc import Sequence
from dataclasses import fields
from enum import EnumType
from importlib import import_module
from pathlib import Path
from typing import Any

from constructs_lib.catalogue import model
from constructs_lib.catalogue.model import Catalogue
from constructs_lib.problem import InvalidInput, Problem

FOLDER = Path(__file__).parent
CODE = ("graph.py", "load.py", "model.py", "routes.py")
"""Files of this folder that are no data: who calls them wrongly is the one to mend."""
UNKNOWN_FIELD = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")
MISSING_FIELDS = re.compile(r"(\w+)\.__init__\(\) missing .* arguments?: (.+)")


def load() -> Catalogue:
    """Import constructs_lib.catalogue.components; InvalidInput where Python cannot, with file and line.

    Python stops at the first such mistake, so there is one problem at a time; `problems` names all others at once.
    """
    try:
        found = import_module("constructs_lib.catalogue.components")
        catalogue: Catalogue = found.CATALOGUE
    except Exception as error:
        raise InvalidInput([_problem(error)]) from error
    return catalogue


def _problem(error: Exception) -> Problem:
    what, mend = _words(error)
    return Problem(_place(error), what, mend)


def _place(error: Exception) -> str:
    """file:line of the data that is wrong."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename)}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parent == FOLDER and _is_data(frame.filename)]
    return f"{_relative(ours[-1].filename)}:{ours[-1].lineno}" if ours else "constructs_lib/catalogue/components.py"


def _is_data(filename: str) -> bool:
    return Path(filename).name not in CODE


def _relative(filename: str) -> str:
    return Path(filename).relative_to(FOLDER.parents[1]).as_posix()


def _words(error: Exception) -> tuple[str, str]:
    """What is wrong, and the mend."""
    text = str(error)
    if isinstance(error, SyntaxError):
        return f"is no Python: {error.msg}", "mend the syntax"
    if match := UNKNOWN_FIELD.search(text):
        return f"{match[1]} has no field {match[2]!r}", f"it has: {_listed(_fields(match[1]))}"
    if match := MISSING_FIELDS.search(text):
        return f"{match[1]} lacks {match[2]}", "add what is missing"
    if isinstance(error, NameError):
        return text, "import it, or correct the name"
    if isinstance(error, AttributeError) and isinstance(error.obj, EnumType):
        return f"{error.obj.__name__} has no {error.name}", f"it has: {_listed(list(error.obj.__members__))}"
    return f"{type(error).__name__}: {text}", "mend the line"


def _fields(name: str) -> list[str]:
    kind: Any = getattr(model, name, None)
    return [field.name for field in fields(kind)] if kind else []


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


CATALOGUE = load()
