"""Reading YAML files that people write."""

from pathlib import Path
from typing import Any

import yaml

from constructs_lib.problem import Problem


def read_mapping(path: Path, name: str, fix: str) -> tuple[dict[str, Any], list[Problem]]:
    """What the YAML file `name` says, and what is wrong with it."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return {}, [Problem(name, f"cannot be read ({type(error).__name__})", fix)]
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        at = "" if line is None else f" at line {line + 1}"
        return {}, [Problem(name, f"is no YAML{at}", "fix the syntax")]
    if found is None:
        found = {}
    if not isinstance(found, dict):
        return {}, [Problem(name, "is not a mapping of keys to values", fix)]
    return found, []
