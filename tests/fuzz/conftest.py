"""Platforms for drawn objects to be put into."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pytest

from constructs_lib.checks.model import Inputs, Rendered
from tests.fuzz.answers import Place
from tests.fuzz.objects import Manifest
from tests.fuzz.values import BESIDE

TIER = "core"
"""Of drawn objects."""


@dataclass(frozen=True, slots=True)
class Platforms:
    """The rendered platform, whole and in part: rules that compare all pairs of pods take long over the whole."""

    whole: Inputs
    part: Inputs

    @property
    def empty(self) -> Inputs:
        """A platform without any object."""
        return replace(self.part, rendered=())

    @staticmethod
    def with_objects(inputs: Inputs, manifests: Sequence[Manifest]) -> Inputs:
        """The platform, and the objects beside its own."""
        return replace(inputs, rendered=(*inputs.rendered, *(Rendered(TIER, manifest) for manifest in manifests)))

    def beside(self, manifests: Sequence[Manifest]) -> Inputs:
        """The part, and the objects beside it."""
        return self.with_objects(self.part, manifests)

    def in_place_of(self, numbers: Collection[int]) -> Place:
        """Puts objects among those of the whole, without those that have these numbers."""
        others = (object_ for number, object_ in enumerate(self.whole.rendered) if number not in numbers)
        return partial(self.with_objects, replace(self.whole, rendered=tuple(others)))


@pytest.fixture(scope="session")
def platforms(rendered: Inputs) -> Platforms:
    """Made once."""
    part = tuple(object_ for object_ in rendered.rendered if object_.name.startswith(BESIDE))
    return Platforms(rendered, replace(rendered, rendered=part))
