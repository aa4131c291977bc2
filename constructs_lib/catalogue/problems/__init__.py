"""What is wrong with a catalogue: every problem at once, before anything is built."""

from types import ModuleType

from constructs_lib.catalogue.model import Catalogue
from constructs_lib.catalogue.problems import (
    edges,
    environment,
    kinds,
    migrations,
    names,
    references,
    types_,
    values,
)
from constructs_lib.problem import Problem

ENTRIES = (names, edges, environment, references, values, kinds)
"""What can be seen in the entries alone."""


def problems(catalogue: Catalogue) -> tuple[Problem, ...]:
    """Every problem; an empty tuple says that the platform can be built."""
    return _of(catalogue, *ENTRIES, migrations)


def problems_of_entries(catalogue: Catalogue) -> tuple[Problem, ...]:
    """Every problem but files that are not there yet."""
    return _of(catalogue, *ENTRIES)


def _of(catalogue: Catalogue, *groups: ModuleType) -> tuple[Problem, ...]:
    # What is of the wrong type has none of the attributes that all other checks look at.
    wrong = tuple(types_.found(catalogue))
    return wrong or tuple(problem for group in groups for problem in group.found(catalogue))
