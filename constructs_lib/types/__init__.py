"""The component types: a folder for each, found by its spec.py; others are registered at run time."""

from importlib import import_module
from pathlib import Path

from constructs_lib.component_type import construct_of, known_type, register, type_names, type_of

__all__ = ["construct_of", "known_type", "register", "type_names", "type_of"]

for _spec in sorted(Path(__file__).parent.glob("*/spec.py")):
    register(import_module(f"{__name__}.{_spec.parent.name}.spec").TYPE)
