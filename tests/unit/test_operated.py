"""What CloudNativePG makes of a Cluster, as quotas and rules count it."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.checks.render import inputs
from constructs_lib.checks.rules import RULES, run
from constructs_lib.footprint import claims, quota
from constructs_lib.operated import made_by_operator
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import read_settings
from tests.repository import PLATFORM, ROOT

NAMESPACE = "chatdb-system"
RESOURCES = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}
MALFORMED: list[tuple[tuple[str, ...], Any]] = [
    (("spec",), "text"),
    (("spec", "instances"), "three"),
    (("spec", "instances"), [3]),
    (("spec", "managed"), 5),
    (("spec", "managed", "services", "disabledDefaultServices"), 5),
    (("spec", "inheritedMetadata"), "text"),
    (("spec", "inheritedMetadata", "labels"), 5),
    (("spec", "storage"), "2Gi"),
    (("spec", "affinity"), "required"),
    (("spec", "plugins"), 5),
    (("spec", "plugins"), [{}]),
]


def cluster(**spec: Any) -> dict[str, Any]:
    """A Cluster of the name `db`."""
    own = {"storage": {"size": "2Gi"}, "resources": RESOURCES, "inheritedMetadata": {"labels": {"app": "db"}}}
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "db", "namespace": NAMESPACE},
        "spec": own | {"instances": 3} | spec,
    }


def names(manifest: dict[str, Any]) -> list[str]:
    """Kind and name of all that is made of it."""
    return sorted(f"{one['kind']} {one['metadata']['name']}" for one in made_by_operator(manifest))


def of(manifest: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """One object of what is made of it."""
    return next(one for one in made_by_operator(manifest) if (one["kind"], one["metadata"]["name"]) == (kind, name))


@pytest.mark.parametrize(
    ("instances", "wanted"),
    [
        (1, set()),
        (2, {"Service db-ro", "StatefulSet db-replicas"}),
        (3, {"Service db-ro", "StatefulSet db-replicas", "PodDisruptionBudget db"}),
    ],
)
def test_what_is_made(instances: int, wanted: set[str]) -> None:
    """Replicas, and what is for them alone, only where there are some."""
    always = {"Service db-r", "Service db-rw", "ServiceAccount db", "StatefulSet db-primary"}
    assert names(cluster(instances=instances)) == sorted(always | wanted)


def test_instances_are_counted() -> None:
    """By the quota of their namespace, and by their claims; each takes what the Cluster says of one."""
    made = made_by_operator(cluster())
    at_rest = {one["metadata"]["name"]: one["spec"]["replicas"] for one in made if one["kind"] == "StatefulSet"}
    assert at_rest == {"db-primary": 1, "db-replicas": 2}
    # Of each StatefulSet one pod more: it ends while its successor starts, or is the Job that makes an instance.
    assert quota(made, NAMESPACE)["limits.memory"] == f"{5 * 512}Mi"
    assert quota(made, NAMESPACE)["pods"] == "5"
    assert sum(claim.total for claim in claims(made)) == 3 * 2 * 2**30


def test_labels_and_accounts() -> None:
    """Policies and Services select them by the labels that are inherited, and by those of the operator."""
    pods = of(cluster(), "StatefulSet", "db-replicas")["spec"]["template"]
    inherited, own = {"app": "db"}, {"cnpg.io/cluster": "db", "cnpg.io/podRole": "instance"}
    assert pods["metadata"]["labels"] == {**inherited, **own, "cnpg.io/instanceRole": "replica"}
    assert pods["spec"]["serviceAccountName"] == "db"
    assert of(cluster(), "Service", "db-rw")["spec"]["selector"] == {
        "cnpg.io/cluster": "db",
        "cnpg.io/instanceRole": "primary",
    }


def test_disabled_services_are_not_made() -> None:
    """All but the primary's can be."""
    without = cluster(managed={"services": {"disabledDefaultServices": ["r", "ro"]}})
    assert [name for name in names(without) if name.startswith("Service ")] == ["Service db-rw"]


@pytest.mark.parametrize(
    ("affinity", "wanted"),
    [
        ({}, "preferredDuringSchedulingIgnoredDuringExecution"),
        ({"podAntiAffinityType": "required"}, "requiredDuringSchedulingIgnoredDuringExecution"),
        ({"enablePodAntiAffinity": False}, None),
    ],
)
def test_affinity(affinity: dict[str, Any], wanted: str | None) -> None:
    """By default instances prefer nodes of their own."""
    pod = of(cluster(affinity=affinity), "StatefulSet", "db-primary")["spec"]["template"]["spec"]
    assert list(pod.get("affinity", {}).get("podAntiAffinity", {})) == ([wanted] if wanted else [])


@pytest.mark.parametrize(("path", "value"), MALFORMED, ids=str)
def test_malformed_cluster_is_named(path: tuple[str, ...], value: Any) -> None:
    """`cdk8s synth` reads it before its schema is checked."""
    manifest = cluster()
    place = manifest
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    with pytest.raises(InvalidInput, match=r"^Cluster chatdb-system/db: .* cannot be read; correct the patch"):
        made_by_operator(manifest)


def test_plugin_of_backups_is_counted() -> None:
    """It gives each instance a container of its own, unless it is turned off."""
    plugins = [{"name": "barman-cloud.cloudnative-pg.io"}, {"name": "another.example"}]
    off = [plugins[0] | {"enabled": False}]
    limits = [quota(made_by_operator(cluster(plugins=one)), NAMESPACE)["limits.memory"] for one in ([], off, plugins)]
    assert limits == ["2560Mi", "2560Mi", "5120Mi"]


def test_other_kinds_are_left_alone() -> None:
    """Another API has Clusters, too."""
    assert made_by_operator(cluster() | {"apiVersion": "cluster.x-k8s.io/v1beta1"}) == []


@pytest.fixture(scope="module")
def production() -> Inputs:
    """The committed environment with a Cluster."""
    return inputs(ROOT, PLATFORM, read_settings(ROOT, CATALOGUE, "production"))


def _with(production: Inputs, *manifests: dict[str, Any]) -> Inputs:
    """The environment with these besides, and what operators make of them."""
    written = [Rendered(Tier.FOUNDATION, manifest) for manifest in manifests]
    made = [
        Rendered(one.tier, manifest, source=one.identity)
        for one in written
        for manifest in made_by_operator(one.manifest)
    ]
    return replace(production, rendered=(*production.rendered, *written, *made))


def test_cluster_of_an_overlay_is_counted(production: Inputs) -> None:
    """One that a person adds: the quota has no room for its instances, and its image may be any; nothing else."""
    rules = [rule for rule in RULES if rule.id != "files"]
    assert run(production, rules) == []
    findings = run(_with(production, cluster()), rules)
    assert {one.rule for one in findings} == {"quotas", "images"}
    assert all("ResourceQuota chatdb-system/quota" in one.problem.where for one in findings if one.rule == "quotas")
    pods = next(one.problem.what for one in findings if "pods is" in one.problem.what)
    assert pods == "pods is 11, but the namespace needs 16 at its peak"
    images = {one.problem.where.partition(": container")[0] for one in findings if one.rule == "images"}
    place = "tier foundation: Cluster chatdb-system/db"
    assert images == {f"{place}, its StatefulSet db-primary", f"{place}, its StatefulSet db-replicas"}


def test_invalid_cluster_is_the_only_finding(production: Inputs) -> None:
    """Its Service selects pods that nobody can know, and what would be made of it is not judged."""
    place = next(number for number, one in enumerate(production.rendered) if one.kind == "Cluster")
    for wrong in (
        {"instances": "three"},
        {"unknown": 1, "imageName": "any"},
        {"resources": "text"},
        {"storage": {"size": 5}, "imageName": {}},
    ):
        manifest = copy.deepcopy(dict(production.rendered[place].manifest))
        manifest["spec"] |= wrong
        others = [one for one in production.rendered if one.source is None and one.kind != "Cluster"]
        broken = Rendered(Tier.FOUNDATION, manifest)
        try:
            made = [Rendered(broken.tier, one, source=broken.identity) for one in made_by_operator(manifest)]
        except InvalidInput:
            made = []
        rules = [rule for rule in RULES if rule.id not in ("files", "overlays", "capacity", "quotas")]
        findings = run(replace(production, rendered=(*others, broken, *made)), rules)
        assert {one.rule for one in findings} == {"schema"}
        assert all("Cluster chatdb-system/postgres" in one.problem.where for one in findings)


def test_inherited_labels_may_change() -> None:
    """Instances have them, and are selected without them: a server takes no other selector."""
    before, after = (
        of(cluster(inheritedMetadata={"labels": {"app": label}}), "StatefulSet", "db-replicas")["spec"]
        for label in ("db", "other")
    )
    assert before["selector"] == after["selector"]
    assert after["template"]["metadata"]["labels"]["app"] == "other"
    assert after["selector"]["matchLabels"].items() <= after["template"]["metadata"]["labels"].items()
