"""What holds for every platform, and not only for ours: order means nothing, a leaf leaves no trace, doors are edges.

Examples are the same in every run (`derandomize`): a failure is a change of the code, and never bad luck.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from catalogues import catalogues, garbage, permuted, services
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from repository import ROOT, texts

from constructs_lib.app import GATEWAY_API, synth_platform
from constructs_lib.catalogue.model import Catalogue, Component, External, Kind, Tier
from constructs_lib.catalogue.problems import problems
from constructs_lib.checks import reachability
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.gitops.synth import stage
from constructs_lib.settings import load

PERMUTATIONS, LEAVES, POLICIES, GARBAGE = 15, 15, 20, 300
"""How many examples each property is held to; a build takes a third of a second."""
BUILDS = {
    "derandomize": True,
    "deadline": None,
    "phases": (Phase.explicit, Phase.generate),
    "suppress_health_check": list(HealthCheck),
}
"""Smaller examples of a failure would take minutes: the one that is found is small enough to read."""
Identity = tuple[str, str, str]


def built(catalogue: Catalogue) -> dict[str, str]:
    """Every file of dist/."""
    with tempfile.TemporaryDirectory() as folder:
        synth_platform(catalogue, Path(folder))
        return texts(Path(folder))


def staged(catalogue: Catalogue) -> dict[str, str]:
    """Everything that is generated for the repository's settings."""
    with tempfile.TemporaryDirectory() as folder:
        stage(ROOT, catalogue, Path(folder))
        return texts(Path(folder))


def rendered(files: dict[str, str]) -> list[Rendered]:
    """The objects of all tiers, without the optional trait's."""
    texts_by_tier = (
        (Tier(name.partition("/")[0]), text) for name, text in files.items() if not name.startswith(GATEWAY_API)
    )
    loaded = ((tier, yaml.load_all(text, Loader=yaml.CSafeLoader)) for tier, text in texts_by_tier)
    return [Rendered(tier, manifest) for tier, found in loaded for manifest in found]


def by_identity(objects: list[Rendered]) -> dict[Identity, Any]:
    """Objects by kind, namespace and name; Jobs by their component, as their names change with their content."""
    return {
        (r.kind, r.namespace, r.manifest["metadata"]["labels"]["app"] if r.kind == "Job" else r.name): r.manifest
        for r in objects
    }


def edges(catalogue: Catalogue) -> set[tuple[str, str]]:
    """(consumer, provider) of all traffic, read from the entries: not by the code that makes the policies."""
    every = catalogue.components
    found = {(c.name, edge.to) for c in every for edge in (*c.needs, *c.talks_to)}
    for component in every:
        if component.kind is Kind.PROMETHEUS:
            found |= {(component.name, other.name) for other in every if other.metrics}
        if component.kind is Kind.INTEGRATION_TESTS:
            found |= {(component.name, other.name) for other in every if other.kind is Kind.MICROSERVICE}
        if component.kind is Kind.INGRESS:
            found |= {("ingress-controller", other.name) for other in every if other.route}
    return found


def pairs(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """(namespace, name) of the policies that the edges ask for: one on each side that is ours."""
    for consumer, provider in edges(catalogue):
        source, target = catalogue.node(consumer), catalogue.node(provider)
        if not isinstance(source, External):
            yield source.namespace, f"{consumer}-to-{provider}"
        if not isinstance(target, External):
            yield target.namespace, f"{provider}-from-{consumer}"


def leaves(catalogue: Catalogue) -> list[Component]:
    """Services that no entry names."""
    named = {edge.to for c in catalogue.components for edge in (*c.needs, *c.talks_to)}
    named |= {name for component in catalogue.components for name in component.after}
    return [component for component in services(catalogue) if component.name not in named]


@settings(max_examples=PERMUTATIONS, **BUILDS)
@given(st.data())
def test_order_of_entries_changes_no_byte(data: st.DataObject) -> None:
    """Components, external nodes, topics, images, edges and variables may be written in any order."""
    catalogue = data.draw(catalogues())
    assert problems(catalogue) == ()
    one, other = staged(catalogue), staged(data.draw(permuted(catalogue)))
    assert [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)] == []


@settings(max_examples=LEAVES, **BUILDS)
@given(st.data())
def test_a_leaf_takes_only_its_own(data: st.DataObject) -> None:
    """Its file goes, and its policies; what is told of it elsewhere changes, but no other pod does."""
    catalogue = data.draw(catalogues())
    leaf = data.draw(st.sampled_from(leaves(catalogue)))
    smaller = replace(catalogue, components=tuple(c for c in catalogue.components if c is not leaf))
    assert problems(smaller) == ()
    before, after = built(catalogue), built(smaller)
    assert before.keys() - after.keys() == {f"{leaf.tier}/{leaf.name}.k8s.yaml"}
    assert after.keys() <= before.keys()
    objects, fewer = by_identity(rendered(before)), by_identity(rendered(after))
    assert fewer.keys() <= objects.keys()
    gone = {key for key in objects.keys() - fewer.keys() if objects[key]["metadata"]["labels"].get("app") != leaf.name}
    policies = {("NetworkPolicy", *pair) for pair in {*pairs(catalogue)} - {*pairs(smaller)}}
    assert {key for key in gone if key[0] == "NetworkPolicy"} == policies
    assert {key[0] for key in gone} <= {"NetworkPolicy", "Ingress", "Role", "RoleBinding"}
    changed = {key for key in fewer if objects[key] != fewer[key]}
    assert {key[0] for key in changed} <= {"ConfigMap", "Ingress", "Job", "ResourceQuota", "Role"}


@settings(max_examples=POLICIES, **BUILDS)
@given(catalogues())
def test_policies_are_the_edges(catalogue: Catalogue) -> None:
    """One object for each side of each edge, none besides; and evaluated, they open what the edges say and no more."""
    objects = rendered(built(catalogue))
    found = Counter((r.namespace, r.name) for r in objects if r.kind == "NetworkPolicy")
    own = {key: count for key, count in found.items() if key[1] not in ("default-deny", "allow-dns")}
    assert own == dict.fromkeys(pairs(catalogue), 1)
    inputs = Inputs(root=ROOT, catalogue=catalogue, settings=load(ROOT), rendered=tuple(objects))
    assert [str(problem) for problem in reachability.exact(inputs)] == []


@settings(max_examples=GARBAGE, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(garbage())
def test_garbage_is_advice(catalogue: Catalogue) -> None:
    """Whatever an entry holds, there is an answer: a line for each problem, with where, what and mend."""
    for problem in problems(catalogue):
        assert problem.where
        assert problem.what
        assert problem.mend
        assert len(str(problem).splitlines()) == 1
