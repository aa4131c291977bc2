"""Every rule answers every object: with findings or without, but never with an exception.

Objects are drawn from the JSON schema of each kind; or they are the platform's, changed at random places. They are
checked in batches, as rules start programs. A failure names the objects that fail alone, without all that they fail
without, and the command that draws them again.
"""

from functools import partial

import pytest
from hypothesis import strategies as st

from constructs_lib.checks.model import Finding, Inputs
from tests.fuzz.answers import ALL_BUT_FILES, findings, rule, told
from tests.fuzz.changes import both, changed, replaced
from tests.fuzz.conftest import Platforms
from tests.fuzz.kinds import Kind, kinds
from tests.fuzz.lane import SEED, WHOLE, examples
from tests.fuzz.objects import Manifest, objects, validator

PARTS = 5
"""That the kinds are tried in."""
OBJECTS = 75
"""In one batch."""


def test_every_rendered_kind_is_drawn(rendered: Inputs) -> None:
    """Without the schemas nothing would be tried: they are there, also for everything that the platform has."""
    known = {(kind.api_version, kind.name) for kind in kinds()}
    assert {(object_.manifest["apiVersion"], object_.kind) for object_ in rendered.rendered} <= known
    assert len({kind.kubernetes for kind in kinds()}) >= 3


@pytest.mark.parametrize("part", range(PARTS))
def test_objects_of_every_kind(platforms: Platforms, part: int) -> None:
    """Of each kind what its schema allows, and the same with values of any type at some places.

    The rule `schema` has to name those that their schema does not allow, and no others.
    """
    drawn = [
        (kind, manifest)
        for kind in kinds()[part::PARTS]
        for strategy in both(objects(kind))
        for manifest in examples(strategy, 1, 12)
    ]
    for first in range(0, len(drawn), OBJECTS):
        batch = drawn[first : first + OBJECTS]
        findings(platforms.beside, [manifest for _, manifest in batch], ALL_BUT_FILES)
        if WHOLE or part == SEED % PARTS:
            _compare_with_schemas(platforms, batch)


def _compare_with_schemas(platforms: Platforms, batch: list[tuple[Kind, Manifest]]) -> None:
    """AssertionError where the rule says something else than the schema; each object gets a name of its own for it."""
    named = [replaced(manifest, ("metadata", "name"), f"drawn-{n}.example") for n, (_, manifest) in enumerate(batch)]
    results = findings(partial(platforms.with_objects, platforms.empty), named, [rule("schema")])
    for (kind, _), manifest in zip(batch, named, strict=True):
        if _is_comparable(kind, manifest):
            valid = validator(kind).is_valid(manifest)
            words = f"it {'passes' if valid else 'does not pass'} its schema, and the rule says the opposite"
            assert _is_refused(kind, manifest, results) is not valid, f"{words}\n{told(manifest)}"


@pytest.mark.parametrize("name", ["List", "PodList"])
def test_a_list_without_items(platforms: Platforms, name: str) -> None:
    """The one object without a name that Kustomize builds: no rule but `schema` can say anything of it."""
    results = findings(platforms.beside, [{"apiVersion": "v1", "kind": name, "metadata": {}}], ALL_BUT_FILES)
    assert [finding for finding in results if finding.rule == "schema"]


def test_changes_of_the_platform(platforms: Platforms) -> None:
    """What patches can make of the platform's objects: a change in many of them at once."""
    whole = platforms.whole.rendered
    numbers = st.sampled_from(range(len(whole)))
    drawn = examples(numbers.flatmap(lambda n: st.tuples(st.just(n), changed(dict(whole[n].manifest)))), 50, 1500)
    for first in range(0, len(drawn), 25):
        batch = dict(drawn[first : first + 25])
        findings(platforms.in_place_of(batch), list(batch.values()), ALL_BUT_FILES)


def test_files_in_config_maps(platforms: Platforms) -> None:
    """Whatever a ConfigMap holds where a file is expected that has a checker of its own."""
    kind = next(kind for kind in kinds() if kind.name == "ConfigMap")
    for strategy in both(objects(kind)):
        findings(platforms.beside, examples(strategy, 10, 150), [rule("files")])


def _is_comparable(kind: Kind, manifest: Manifest) -> bool:
    """Whether it is still of its kind, means the same without nulls, and kubeconform finds the schema.

    kubeconform knows groups by their first word. The API server drops a null before it looks at a schema, and refuses
    one in a list whatever the schema says.
    """
    group = kind.api_version.partition(".")[0]
    known = not kind.kubernetes or "." not in kind.api_version or f"-{group}-" in kind.path.name
    own = (manifest.get("apiVersion"), manifest["kind"]) == (kind.api_version, kind.name)
    same = validator(kind).is_valid(manifest) is validator(kind).is_valid(_without_nulls(manifest))
    return known and own and same and not _has_empty_item(manifest)


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _has_empty_item(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_empty_item(inner) for inner in value.values())
    return isinstance(value, list) and any(inner is None or _has_empty_item(inner) for inner in value)


def _is_refused(kind: Kind, manifest: Manifest, results: list[Finding]) -> bool:
    """By the version of Kubernetes that the kind is of; a custom resource by any."""
    own = [finding.problem for finding in results if finding.problem.where.endswith(manifest["metadata"]["name"])]
    return any(
        kind.kubernetes in problem.what.partition(": ")[0] or "Kubernetes" not in problem.what for problem in own
    )
