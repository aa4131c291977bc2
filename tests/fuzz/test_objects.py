"""Every rule answers every object: with findings or without, but never with an exception.

Objects are drawn from the JSON schema of each kind; or they are the platform's, changed at random places. They are
checked in batches, as rules start programs. A failure names the objects that fail alone, without all that they fail
without, and the command that draws them again.
"""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.checks.model import Finding, Inputs
from tests.fuzz.answers import ALL_BUT_FILES, findings, rule, told
from tests.fuzz.batches import Many, many, of_any_kind, two_of_each
from tests.fuzz.changes import changed, replaced
from tests.fuzz.conftest import Platforms
from tests.fuzz.kinds import Kind, kinds
from tests.fuzz.lane import drawn
from tests.fuzz.objects import Manifest, validator

BATCHES = 5
"""That each kind is in one of."""
CONFIG_MAP = next(kind for kind in kinds() if kind.name == "ConfigMap")


def test_every_rendered_kind_is_drawn(rendered: Inputs) -> None:
    """Without the schemas nothing would be tried: they are there, also for everything that the platform has."""
    known = {(kind.api_version, kind.name) for kind in kinds()}
    assert {(found.manifest["apiVersion"], found.kind) for found in rendered.rendered} <= known
    assert len({kind.kubernetes for kind in kinds()}) >= 3


@pytest.mark.parametrize("number", range(BATCHES))
def test_objects_of_every_kind(platforms: Platforms, number: int) -> None:
    """Of each kind one that its schema allows, and one with values of any type at some places."""

    @drawn(1, 12)
    @given(two_of_each(kinds()[number::BATCHES]))
    def answered(batch: Many) -> None:
        findings(platforms.beside, batch.manifests, ALL_BUT_FILES)

    answered()


@pytest.mark.parametrize("name", ["List", "PodList"])
def test_a_list_without_items(platforms: Platforms, name: str) -> None:
    """The one object without a name that Kustomize builds: no rule but 'schema' can say anything of it."""
    found = findings(platforms.beside, [{"apiVersion": "v1", "kind": name, "metadata": {}}], ALL_BUT_FILES)
    assert [finding for finding in found if finding.rule == "schema"]


def test_changes_of_the_platform(platforms: Platforms) -> None:
    """What patches can make of the platform's objects."""
    whole = platforms.whole.rendered

    def changes(numbers: list[int]) -> st.SearchStrategy[Many]:
        return many(st.tuples(*(st.tuples(st.just(n), changed(dict(whole[n].manifest))) for n in numbers)))

    @drawn(3, 60)
    @given(st.lists(st.sampled_from(range(len(whole))), min_size=25, max_size=25, unique=True).flatmap(changes))
    def answered(batch: Many) -> None:
        findings(platforms.in_place_of([number for number, _ in batch]), batch.manifests, ALL_BUT_FILES)

    answered()


def test_files_in_config_maps(platforms: Platforms) -> None:
    """Whatever a ConfigMap holds where a file is expected that has a checker of its own."""

    @drawn(2, 30)
    @given(two_of_each([CONFIG_MAP] * 5))
    def answered(batch: Many) -> None:
        findings(platforms.beside, batch.manifests, [rule("files")])

    answered()


def test_schemas(platforms: Platforms) -> None:
    """The rule 'schema' names each object that the schema of its kind does not allow, and no other."""

    @drawn(1, 12)
    @given(of_any_kind(100))
    def answered(batch: Many) -> None:
        named = [
            (kind, replaced(manifest, ("metadata", "name"), f"drawn-{number}.example"))
            for number, (kind, manifest) in enumerate(batch)
        ]
        inputs = replace(platforms.part, rendered=())
        found = findings(partial(platforms.with_objects, inputs), Many(named).manifests, [rule("schema")])
        for kind, manifest in named:
            valid = validator(kind).is_valid(manifest)
            if _is_comparable(kind, manifest):
                words = f"it {'passes' if valid else 'does not pass'} its schema, the rule says the opposite"
                assert _is_refused(kind, manifest, found) is not valid, f"{words}; {told(manifest)}"

    answered()


def _is_comparable(kind: Kind, manifest: Manifest) -> bool:
    """Whether it is still of its kind, means the same without nulls, and kubeconform finds the schema.

    kubeconform knows groups by their first word. The API server drops a null before it looks at a schema.
    """
    group = kind.api_version.partition(".")[0]
    known = not kind.kubernetes or "." not in kind.api_version or f"-{group}-" in kind.path.name
    own = (manifest.get("apiVersion"), manifest["kind"]) == (kind.api_version, kind.name)
    return known and own and validator(kind).is_valid(manifest) is validator(kind).is_valid(_without_nulls(manifest))


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _is_refused(kind: Kind, manifest: Manifest, found: list[Finding]) -> bool:
    """By the version of Kubernetes that the kind is of; a custom resource by any."""
    own = [finding.problem for finding in found if finding.problem.where.endswith(manifest["metadata"]["name"])]
    return any(kind.kubernetes in problem.what.partition(": ")[0] for problem in own)
