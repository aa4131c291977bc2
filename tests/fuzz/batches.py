"""Many objects at once, for what starts a program."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

from tests.fuzz.changes import changed
from tests.fuzz.kinds import Kind, kinds
from tests.fuzz.objects import Manifest, objects

Drawn = tuple[Kind, Manifest]
"""An object and the kind whose schema it was drawn from."""
Batch = Sequence[Drawn]


class Many(list[Drawn]):
    """A batch that hypothesis prints in a few words: what fails in it is printed by itself."""

    def __repr__(self) -> str:
        """Its length."""
        return f"{len(self)} objects"


def batches(number: int) -> st.SearchStrategy[Many]:
    """So many objects of any kinds, the half of them changed, and no two of a kind with the same name."""
    one = st.sampled_from(kinds()).flatmap(
        lambda kind: st.tuples(st.just(kind), objects(kind).flatmap(lambda found: st.just(found) | changed(found)))
    )
    return st.lists(one, min_size=number, max_size=number, unique_by=identity).map(Many)


def identity(drawn: Drawn) -> tuple[str, str]:
    """Kind and name: Kustomize takes no two objects with the same."""
    return str(drawn[1]["kind"]), str(drawn[1]["metadata"]["name"])


Element = TypeVar("Element")


def first_alone(batch: Sequence[Element], fails: Callable[[Sequence[Element]], object]) -> Sequence[Element]:
    """The first element that fails by itself; the whole batch where none does."""
    return next(([one] for one in batch if fails([one])), batch)
