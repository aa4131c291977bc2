"""Differences between the objects of a base and of its variation, in Python and as Kustomize applies them."""

from pathlib import Path
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.gitops.delta import Delta, by_identity, difference
from constructs_lib.gitops.kustomizations import write_component, write_kustomization, write_objects
from constructs_lib.kustomize import kustomize
from constructs_lib.rendered import identity
from tests.repository import ROOT

NAMES = st.sampled_from(["a", "b", "c.d", "c-d"])
VALUES = st.recursive(
    st.one_of(st.integers(0, 9), st.text("xyz ~/", max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("klm/~", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


def config(name: str, data: Any) -> dict[str, Any]:
    """An object of a kind that Kustomize knows nothing of."""
    return {"apiVersion": "made.example/v1", "kind": "Made", "metadata": {"name": name}, "spec": data}


OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4).map(
    lambda content: by_identity(config(name, data) for name, data in content.items())
)


@given(OBJECTS, OBJECTS)
def test_difference_makes_one_side_of_the_other(before: Any, after: Any) -> None:
    """Whatever differs; and nothing where nothing does."""
    delta = difference(before, after)
    assert delta.onto(before) == after
    assert bool(delta) == (before != after)


BEFORE = [
    config("stays", {"a": 1}),
    config("goes", {}),
    config("changes", {"a/b": [1, 2], "gone": "x", "k~": {"l": 1}}),
    config("says", {"text": "one\n"}),
]
AFTER = [
    config("stays", {"a": 1}),
    config("comes.new", {}),
    config("changes", {"a/b": [2, 3, 4], "k~": {"l": 2}}),
    config("says", {"text": "one\ntwo\n"}),
]


def test_kustomize_makes_the_same_of_it(tmp_path: Path) -> None:
    """As a component on the base; a second variation that takes an object away is no error to it."""
    delta = difference(by_identity(BEFORE), by_identity(AFTER))
    write_objects(tmp_path / "base/objects.yaml", BEFORE)
    write_kustomization(tmp_path / "base", ["objects.yaml"])
    write_objects(tmp_path / "trait/objects.yaml", delta.added.values())
    write_component(tmp_path / "trait", resources=["objects.yaml"], patches=delta.patches())
    taken = difference(by_identity(BEFORE), by_identity(BEFORE[:1]))
    write_component(tmp_path / "taken", resources=[], patches=taken.patches())
    for components, wanted in ((["../trait"], AFTER), (["../taken", "../trait"], [AFTER[0], AFTER[1]])):
        write_kustomization(tmp_path / "overlay", ["../base"], components)
        built = by_identity(kustomize(tmp_path, tmp_path / "overlay", ROOT))
        assert built == by_identity(wanted)


def test_patch_of_what_is_gone_changes_nothing() -> None:
    """Another variation may have taken the object away; a field that is gone is an error."""
    delta = difference(by_identity(BEFORE), by_identity(AFTER))
    assert delta.onto({}) == {
        key: one for key, one in by_identity(AFTER).items() if one["metadata"]["name"] == "comes.new"
    }
    bare = by_identity([config("changes", {})])
    with pytest.raises(jsonpatch.JsonPatchException):
        delta.onto(bare)


def test_name_with_a_dot_is_no_pattern() -> None:
    """Kustomize reads the name of a target as a regular expression."""
    one = config("c.d", {})
    (patch,) = Delta(removed={identity(one): one}).patches()
    assert patch["target"]["name"] == r"c\.d"
