"""Many objects at once, for what starts a program."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.changes import changed
from tests.fuzz.kinds import Kind, kinds
from tests.fuzz.objects import Manifest, objects

Drawn = tuple[Kind, Manifest]
"""An object and the kind whose schema it was drawn from."""


class Many(list[tuple[Any, Manifest]]):
    """Objects, each with what it was made from; hypothesis prints them in two words, as failures name the culprits."""

    def __repr__(self) -> str:
        """Its length."""
        return f"{len(self)} objects"

    @property
    def manifests(self) -> list[Manifest]:
        """The objects alone."""
        return [manifest for _, manifest in self]


@st.composite
def many(draw: st.DrawFn, found: st.SearchStrategy[Sequence[tuple[Any, Manifest]]]) -> Many:
    """What is drawn, printed in two words."""
    return Many(draw(found))


def two_of_each(some: Sequence[Kind]) -> st.SearchStrategy[Many]:
    """An object of each of the kinds, and one that is changed."""
    both = [_drawn(kind, change) for kind in some for change in (False, True)]
    return many(st.tuples(*both))


def of_any_kind(number: int) -> st.SearchStrategy[Many]:
    """So many objects, the half of them changed, and no two of a kind with the same name."""
    one = st.tuples(st.sampled_from(kinds()), st.booleans()).flatmap(lambda choice: _drawn(*choice))
    return many(st.lists(one, min_size=number, max_size=number, unique_by=_identity))


def _drawn(kind: Kind, change: bool) -> st.SearchStrategy[Drawn]:
    found = objects(kind)
    return st.tuples(st.just(kind), found.flatmap(changed) if change else found)


def _identity(drawn: Drawn) -> tuple[str, str]:
    """Kind and name: Kustomize takes no two objects with the same."""
    return str(drawn[1]["kind"]), str(drawn[1]["metadata"]["name"])
