"""Changes at random places of an object or a file, to values of any type."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.fuzz import values

Place = tuple[str | int, ...]
WORDS_ONLY: frozenset[Place] = frozenset({("kind",), ("metadata", "name")})
"""Kustomize builds nothing without them; a number or a boolean is enough for it."""
KEPT: frozenset[Place] = frozenset({("metadata",), *WORDS_ONLY})
"""What an object needs to get through Kustomize: rules may rely on that."""
MOST = 3
WAYS = ("set", "set", "delete", "add")


def paths(value: Any, before: Place = ()) -> Iterator[Place]:
    """Every place inside the value, and the value itself."""
    yield before
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from paths(inner, (*before, step))


FIELD_NAMES = st.sampled_from(values.FIELDS)
WILD: st.SearchStrategy[Any] = st.sampled_from((None, True, 0, "", "a")) | st.recursive(
    st.none() | st.booleans() | st.sampled_from((*values.NUMBERS, *values.WORDS)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELD_NAMES, inner, max_size=3),
    max_leaves=5,
)
"""Values of any type, whatever the schema of their place says."""


WORDS_OF_YAML = st.sampled_from((5, True, 0.5, "List", "1e3", "a b", "Pod", "Job"))


@st.composite
def changed(draw: st.DrawFn, original: dict[str, Any]) -> dict[str, Any]:
    """A copy of the object with one to three changes; Kustomize would still know its kind and its name."""
    altered = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, MOST))):
        place = draw(st.sampled_from(list(paths(altered))))
        if place in WORDS_ONLY:
            _holder(altered, place)[place[-1]] = draw(WORDS_OF_YAML)
        elif place == ("metadata",):
            altered["metadata"] = {**draw(st.dictionaries(FIELD_NAMES, WILD)), "name": altered["metadata"]["name"]}
        elif place:
            change(altered, place, draw)
        else:
            more = draw(st.dictionaries(FIELD_NAMES, WILD, max_size=2))
            altered |= {key: value for key, value in more.items() if (key,) not in KEPT}
    return altered


def both(strategy: st.SearchStrategy[dict[str, Any]]) -> tuple[st.SearchStrategy[dict[str, Any]], ...]:
    """The objects as they are, and with changes."""
    return strategy, strategy.flatmap(changed)


def change(whole: Any, place: Place, draw: st.DrawFn) -> None:
    """Set or delete what is at the place, or add to it."""
    way, value, field = draw(st.sampled_from(WAYS)), draw(WILD), draw(FIELD_NAMES)
    holder, last = _holder(whole, place), place[-1]
    if way == "delete":
        del holder[last]
    elif way == "add" and isinstance(holder[last], list):
        holder[last].append(value)
    elif way == "add" and isinstance(holder[last], dict):
        holder[last][field] = value
    else:
        holder[last] = value


def _holder(whole: Any, place: Place) -> Any:
    for step in place[:-1]:
        whole = whole[step]
    return whole


@st.composite
def changed_document(draw: st.DrawFn, original: dict[str, Any]) -> dict[str, Any]:
    """A copy of what a file holds with one to three changes, each anywhere."""
    altered = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, MOST))):
        places = [place for place in paths(altered) if place]
        if places:
            change(altered, draw(st.sampled_from(places)), draw)
    return altered


def replaced(original: Any, place: Place, value: Any) -> Any:
    """A copy with the value at the place."""
    altered = copy.deepcopy(original)
    _holder(altered, place)[place[-1]] = value
    return altered


def without(original: Any, place: Place) -> Any | None:
    """A copy without what is at the place; None where nothing is."""
    altered = copy.deepcopy(original)
    try:
        del _holder(altered, place)[place[-1]]
    except (LookupError, TypeError):
        return None
    return altered
