"""What holds for every platform, and not only for ours: order means nothing, a leaf leaves no trace, doors are edges.

Examples are the same in every run (`derandomize`): a failure is a change of the code, and never bad luck.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from catalogue.components import CATALOGUE
from constructs_lib.checks import reachability
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.gitops.generated import dns_policies
from constructs_lib.gitops.kustomizations import write_kustomization
from constructs_lib.gitops.synth import stage
from constructs_lib.model import Catalogue, Component, External
from constructs_lib.render import GATEWAY, GATEWAY_API, render
from constructs_lib.rendered import Rendered as Charts
from constructs_lib.resolve import resolve
from constructs_lib.resolve.problems import problems
from constructs_lib.settings import read_settings
from tests.properties.catalogues import catalogues, garbage, permuted, services
from tests.properties.wild import wild
from tests.repository import ROOT, texts

PERMUTATIONS, LEAVES, POLICIES, GARBAGE = 15, 15, 20, 300
"""How many examples each property is held to; a build takes a third of a second."""
BUILDS: dict[str, Any] = {
    "derandomize": True,
    "deadline": None,
    "phases": (Phase.explicit, Phase.generate),
    "suppress_health_check": list(HealthCheck),
}
"""Smaller examples of a failure would take minutes: the one that is found is small enough to read."""
Identity = tuple[str, str, str]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose environment adds nothing of its own: a patch would want the component that it is for."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / ".tools").symlink_to(ROOT / ".tools")
    for tier in CATALOGUE.tiers:
        write_kustomization(folder / "overlays/minikube" / tier, [f"../../../dist/{tier}"], ["generated"])
    return folder


def staged(root: Path, catalogue: Catalogue) -> dict[str, str]:
    """Everything that is generated for the repository's settings."""
    with tempfile.TemporaryDirectory() as folder:
        stage(root, resolve(catalogue), [read_settings(ROOT, catalogue, "minikube")], Path(folder))
        return texts(Path(folder))


def objects_of(rendered: Charts) -> list[Rendered]:
    """The objects of all tiers, also those that each environment completes, without the optional trait's."""
    every = (*rendered.charts.items(), *rendered.templates.items())
    return [Rendered(tier, one) for (tier, _), objects in every if tier != GATEWAY_API for one in objects]


def by_identity(objects: list[Rendered]) -> dict[Identity, Any]:
    """Objects by kind, namespace and name; Jobs by their component, as their names change with their content."""
    return {
        (r.kind, r.namespace, r.manifest["metadata"]["labels"]["app"] if r.kind == "Job" else r.name): r.manifest
        for r in objects
    }


def edges(catalogue: Catalogue) -> set[tuple[str, str]]:
    """(consumer, provider) of all traffic, read from the entries: not by the code that makes the policies."""
    every = catalogue.components
    traffic = {(c.name, edge.to) for c in every for edge in (*c.needs, *c.talks_to)}
    for component in every:
        if component.type == "prometheus":
            traffic |= {(component.name, other.name) for other in every if other.metrics}
        if component.type == "integration-tests":
            traffic |= {(component.name, other.name) for other in every if other.type == "microservice"}
        if component.type == "ingress":
            traffic |= {("ingress-controller", other.name) for other in every if other.route}
    return traffic


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
def test_order_of_entries_changes_no_byte(bare: Path, data: st.DataObject) -> None:
    """Components, external nodes, topics, buckets, images, edges and variables may be written in any order."""
    catalogue = data.draw(catalogues())
    assert problems(catalogue) == ()
    one, other = staged(bare, catalogue), staged(bare, data.draw(permuted(catalogue)))
    assert [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)] == []


@settings(max_examples=LEAVES, **BUILDS)
@given(st.data())
def test_a_leaf_takes_only_its_own(data: st.DataObject) -> None:
    """Its file goes, and its policies; what is told of it elsewhere changes, but no other pod does.

    With the last route the files of the entry point go, too, as there is nothing in them.
    """
    catalogue = data.draw(catalogues())
    leaf = data.draw(st.sampled_from(leaves(catalogue)))
    smaller = replace(catalogue, components=tuple(c for c in catalogue.components if c is not leaf))
    assert problems(smaller) == ()
    whole, less = render(resolve(catalogue)), render(resolve(smaller))
    before, after = whole.charts.keys(), less.charts.keys()
    unrouted = not any(component.route for component in smaller.components)
    entry_point = before & {("edge", "ingress"), (GATEWAY_API, GATEWAY)} if unrouted else set()
    assert before - after == {(leaf.tier, leaf.name), *entry_point}
    assert after <= before
    objects, fewer = by_identity(objects_of(whole)), by_identity(objects_of(less))
    assert fewer.keys() <= objects.keys()
    gone = {key for key in objects.keys() - fewer.keys() if objects[key]["metadata"]["labels"].get("app") != leaf.name}
    policies = {("NetworkPolicy", *pair) for pair in {*pairs(catalogue)} - {*pairs(smaller)}}
    assert {key for key in gone if key[0] == "NetworkPolicy"} == policies
    assert {key[0] for key in gone} <= {"NetworkPolicy", "Ingress", "Role", "RoleBinding"}
    changed = {key for key in fewer if objects[key] != fewer[key]}
    assert {key[0] for key in changed} <= {"ConfigMap", "Ingress", "Job", "Role"}


@settings(max_examples=POLICIES, **BUILDS)
@given(catalogues())
def test_policies_are_the_edges(catalogue: Catalogue) -> None:
    """One object for each side of each edge, none besides; and evaluated, they open what the edges say and no more."""
    platform = resolve(catalogue)
    objects = objects_of(render(platform))
    counts = Counter((r.namespace, r.name) for r in objects if r.kind == "NetworkPolicy")
    own = {key: count for key, count in counts.items() if key[1] != "default-deny"}
    assert own == dict.fromkeys(pairs(catalogue), 1)
    settings_ = read_settings(ROOT, catalogue, "minikube")
    objects += [Rendered(platform.namespaces.tier, policy) for policy in dns_policies(platform, settings_)]
    inputs = Inputs(root=ROOT, platform=platform, settings=settings_, rendered=tuple(objects))
    assert [str(problem) for problem in reachability.exact(inputs)] == []


@settings(max_examples=GARBAGE, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(garbage() | wild())
def test_garbage_is_advice(catalogue: Catalogue) -> None:
    """Whatever an entry holds, there is an answer: a line for each problem, with where, what and fix; or none."""
    reported = problems(catalogue)
    if not reported:
        resolve(catalogue)
    for problem in reported:
        assert problem.where
        assert problem.what
        assert problem.fix
        assert len(str(problem).splitlines()) == 1
