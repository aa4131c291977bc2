"""Strategies: the platform with a wild value in any one field of any record, however deep."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from catalogue.components import CATALOGUE
from constructs_lib.model import Catalogue
from tests.properties.catalogues import ANYTHING, TEXT

WILD: st.SearchStrategy[Any] = ANYTHING | st.sampled_from(
    [
        None, True, -1, 0, 2**63, 1.5, float("nan"), float("inf"), "", "\0", "..", "true", "{", "{0}", "{host!r}",
        "a" * 300, [], (), {}, (None,), ("",), (("",),), {"": ""}, {"A": None}, {1: "a"}, {"A": 1}, set(),
        frozenset({""}), object, b"kafka", Path("/"), CATALOGUE.components[0], CATALOGUE.externals[0],
    ]
)  # fmt: skip
"""Values of any type, and those that programs stumble over."""
Place = tuple[Any, ...]
"""The way to a field: names of fields, numbers in tuples, keys of mappings."""


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every field of every record, every item of every tuple and every value of every mapping."""
    steps: list[tuple[Any, Any]] = []
    if is_dataclass(value) and not isinstance(value, type):
        steps = [(field.name, getattr(value, field.name)) for field in fields(value)]
    elif isinstance(value, tuple):
        steps = list(enumerate(value))
    elif hasattr(value, "items"):
        steps = list(value.items())
    for step, inner in steps:
        yield (*here, step)
        yield from places(inner, (*here, step))


PLACES = [place for place in places(CATALOGUE) if place != ("root",)]


def changed(value: Any, place: Place, new: Any) -> Any:
    """The value with another one at that place."""
    if not place:
        return new
    step, *rest = place
    if isinstance(value, tuple):
        return (*value[:step], changed(value[step], tuple(rest), new), *value[step + 1 :])
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{step: changed(getattr(value, step), tuple(rest), new)})
    return {**value, step: changed(value[step], tuple(rest), new)}


@st.composite
def wild(draw: st.DrawFn) -> Catalogue:
    """The platform with a value that is of any type, or another text, in one place."""
    made = changed(CATALOGUE, draw(st.sampled_from(PLACES)), draw(WILD | TEXT))
    assert isinstance(made, Catalogue)
    return made
