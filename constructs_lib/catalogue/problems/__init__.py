"""What is wrong with a catalogue: every problem at once, before anything is built."""

from constructs_lib.catalogue.model import Catalogue
from constructs_lib.catalogue.problems import edges, environment, kinds, names, references, types_, values
from constructs_lib.problem import Problem

GROUPS = (names, edges, environment, references, values, kinds)


def problems(catalogue: Catalogue) -> tuple[Problem, ...]:
    """Every problem; an empty tuple says that the platform can be built."""
    # What is of the wrong type has none of the attributes that all other checks look at.
    wrong = tuple(types_.found(catalogue))
    return wrong or tuple(problem for group in GROUPS for problem in group.found(catalogue))
