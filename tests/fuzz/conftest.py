"""Platforms for drawn objects to be put into."""

from dataclasses import dataclass, replace

import pytest

from constructs_lib.checks.model import Inputs, Rendered
from tests.fuzz.objects import Manifest
from tests.fuzz.values import BESIDE

TIER = "core"
"""Of drawn objects."""


@dataclass(frozen=True, slots=True)
class Platforms:
    """The rendered platform, whole and in part: rules that compare all pairs of pods take long over the whole."""

    whole: Inputs
    part: Inputs

    def with_objects(self, *manifests: Manifest) -> Inputs:
        """The part, and the objects beside it."""
        return replace(self.part, rendered=(*self.part.rendered, *(Rendered(TIER, found) for found in manifests)))

    def in_place(self, number: int, manifest: Manifest) -> Inputs:
        """The whole, with another object in the place of one."""
        objects = list(self.whole.rendered)
        objects[number] = Rendered(objects[number].tier, manifest)
        return replace(self.whole, rendered=tuple(objects))

    def in_part(self, number: int, manifest: Manifest) -> Inputs:
        """The part, with another object in the place of one of the whole."""
        original = self.whole.rendered[number]
        beside = (found for found in self.part.rendered if found is not original)
        return replace(self.part, rendered=(*beside, Rendered(original.tier, manifest)))


@pytest.fixture(scope="session")
def platforms(rendered: Inputs) -> Platforms:
    """Made once."""
    part = tuple(found for found in rendered.rendered if found.name.startswith(BESIDE))
    return Platforms(rendered, replace(rendered, rendered=part))
