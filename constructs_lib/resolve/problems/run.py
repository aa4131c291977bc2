"""All groups of problems, in the order in which they are looked for."""

from types import ModuleType

from constructs_lib.model import Catalogue
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems import (
    buckets,
    component_types,
    dependencies,
    env_vars,
    generated_names,
    images,
    migrations,
    names,
    references,
    routes,
    value_types,
    values,
    vocabulary,
)

ENTRIES = (names, generated_names, images, dependencies, env_vars, references, buckets, routes, values, component_types)
"""What can be seen in the entries alone."""


def problems(catalogue: Catalogue) -> tuple[Problem, ...]:
    """Every problem; an empty tuple says that the platform can be built."""
    return _of(catalogue, *ENTRIES, migrations)


def problems_of_entries(catalogue: Catalogue) -> tuple[Problem, ...]:
    """Every problem but files that are not there yet."""
    return _of(catalogue, *ENTRIES)


def problems_of_platform(catalogue: Catalogue) -> tuple[Problem, ...]:
    """Those of what it declares as a whole: who looks at nothing but its tiers finds some that are sound."""
    return tuple(value_types.of_platform(catalogue)) or tuple(vocabulary.of_platform(catalogue))


def _of(catalogue: Catalogue, *groups: ModuleType) -> tuple[Problem, ...]:
    # All other groups look up what these two check: attributes of values, and types and tiers by their names.
    for group in (value_types, vocabulary):
        if wrong := tuple(group.problems(catalogue)):
            return wrong
    return tuple(problem for group in groups for problem in group.problems(catalogue))
