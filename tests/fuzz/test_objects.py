"""Every rule answers every object: with findings or without, but never with an exception.

Objects are drawn from the JSON schema of each kind; or they are the platform's, changed at random places. A failure
says which rule it was, the smallest object that was found, and the command that draws it again.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.checks.model import Finding, Inputs, Rendered
from tests.fuzz.answers import PURE, findings, rule, told
from tests.fuzz.batches import Batch, Many, batches, first_alone
from tests.fuzz.changes import changed
from tests.fuzz.conftest import TIER, Platforms
from tests.fuzz.kinds import Kind, kinds
from tests.fuzz.lane import drawn
from tests.fuzz.objects import Manifest, objects, validator

PAIRWISE = ("reachability",)
"""Rules that look at each pair of pods."""
OF_EACH_KIND = (1, 12)
"""How many objects: in the sample, and in the whole."""
of_each_kind = pytest.mark.parametrize("kind", kinds(), ids=[kind.id for kind in kinds()])


def test_every_rendered_kind_is_drawn(rendered: Inputs) -> None:
    """Without the schemas nothing would be tried: they are there, also for everything that the platform has."""
    known = {(kind.api_version, kind.name) for kind in kinds()}
    assert {(found.manifest["apiVersion"], found.kind) for found in rendered.rendered} <= known
    assert len({kind.kubernetes for kind in kinds()}) >= 3


@of_each_kind
def test_valid_objects(platforms: Platforms, kind: Kind) -> None:
    """Whatever the schema of its kind allows."""

    @drawn(*OF_EACH_KIND)
    @given(objects(kind))
    def answered(manifest: Manifest) -> None:
        findings(platforms.with_objects(manifest), PURE, manifest)

    answered()


@of_each_kind
def test_wild_objects(platforms: Platforms, kind: Kind) -> None:
    """Values of any type at some places, whatever the schema says; Kustomize builds most of it."""

    @drawn(*OF_EACH_KIND)
    @given(objects(kind).flatmap(changed))
    def answered(manifest: Manifest) -> None:
        findings(platforms.with_objects(manifest), PURE, manifest)

    answered()


@pytest.mark.parametrize("name", ["List", "PodList"])
def test_a_list_without_items(platforms: Platforms, name: str) -> None:
    """The one object without a name that Kustomize builds."""
    manifest = {"apiVersion": "v1", "kind": name, "metadata": {}}
    findings(platforms.with_objects(manifest), PURE, manifest)


@drawn(60, 1500)
@given(st.data())
def test_changes_of_the_platform(platforms: Platforms, data: st.DataObject) -> None:
    """What a patch can make of an object of the platform, beside all others."""
    whole = platforms.whole.rendered
    number = data.draw(st.sampled_from(range(len(whole))))
    manifest = data.draw(changed(whole[number].manifest))
    rules = [found for found in PURE if found.id not in PAIRWISE]
    findings(platforms.in_place(number, manifest), rules, manifest)
    findings(platforms.in_part(number, manifest), [rule(id_) for id_ in PAIRWISE], manifest)


@drawn(10, 300)
@given(objects(next(kind for kind in kinds() if kind.name == "ConfigMap")))
def test_files_in_config_maps(platforms: Platforms, manifest: Manifest) -> None:
    """Whatever a ConfigMap holds where a file is expected that has a checker of its own."""
    findings(platforms.with_objects(manifest), [rule("files")], manifest)


@drawn(1, 12)
@given(batches(100))
def test_schemas(platforms: Platforms, batch: Many) -> None:
    """The rule `schema` names each object that the schema of its kind does not allow, and no other."""
    named = [(kind, _with_name(manifest, f"drawn-{number}.example")) for number, (kind, manifest) in enumerate(batch)]
    if _mistakes(platforms, named):
        pytest.fail("\n".join(_mistakes(platforms, first_alone(named, lambda part: _mistakes(platforms, part)))))


def _with_name(manifest: Manifest, name: str) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "name": name}}


def _mistakes(platforms: Platforms, batch: Batch) -> list[str]:
    """The objects about which the rule says what is not so."""
    manifests = [manifest for _, manifest in batch]
    inputs = replace(platforms.part, rendered=tuple(Rendered(TIER, manifest) for manifest in manifests))
    found = findings(inputs, [rule("schema")], manifests)
    return [
        f"it {'passes' if valid else 'does not pass'} its schema; {told(manifest)}"
        for kind, manifest in batch
        if _has_schema(kind, manifest)
        and _is_refused(kind, manifest, found) is (valid := validator(kind).is_valid(manifest))
    ]


def _has_schema(kind: Kind, manifest: Manifest) -> bool:
    """Whether it is still of its kind, and kubeconform finds the schema: it knows groups by their first word."""
    group = kind.api_version.partition(".")[0]
    own = (manifest.get("apiVersion"), manifest["kind"]) == (kind.api_version, kind.name)
    return own and (not kind.kubernetes or "." not in kind.api_version or f"-{group}-" in kind.path.name)


def _is_refused(kind: Kind, manifest: Manifest, found: list[Finding]) -> bool:
    """By the version of Kubernetes that the kind is of; a custom resource by any."""
    own = [finding.problem for finding in found if finding.problem.where.endswith(f" {manifest['metadata']['name']}")]
    return any(f"Kubernetes {kind.kubernetes}" in problem.what for problem in own)
