"""What a plan takes for a change of an object: defaults, units, order, and what an apply leaves as it is."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatdb.plan.applied import applied
from chatdb.plan.changes import Action, changes
from chatdb.plan.fields import HIDDEN, brief
from chatdb.plan.fields import changes as fields
from chatdb.plan.normal import normal
from constructs_lib.quantity import canonical, same_amount
from constructs_lib.rendered import Manifest
from tests.fuzz.changes import WILD, changed
from tests.repository import manifests
from tests.unit.plan_objects import between, container, found, one, paths, side, workload

CONTAINER = "spec.template.spec.containers[web]"


@pytest.mark.parametrize(
    ("quantity", "written"),
    [
        ("1000m", "1"),
        (0.5, "500m"),
        ("1024Mi", "1Gi"),
        ("0.5Gi", "512Mi"),
        ("1536Mi", "1536Mi"),
        ("1023", "1023"),
        ("1024", "1024"),
        ("1000", "1k"),
        ("500e-3", "500e-3"),
        ("1e3", "1e3"),
        ("0.1Ki", "102400m"),
        ("0", "0"),
        ("0Gi", "0"),
        ("0.1n", "1n"),
        ("half", "half"),
        (True, True),
    ],
)
def test_quantities(quantity: str | float, written: str | float) -> None:
    """As the API server writes them; what is none stays."""
    assert canonical(quantity) == written


def test_same_amounts() -> None:
    """Also in another family of units; what is no quantity is no amount."""
    assert same_amount("1Gi", "1073741824") and same_amount(1, "1000m")
    assert not same_amount("1Gi", "1G") and not same_amount("half", "half") and not same_amount(None, None)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"restartPolicy": "Always"}, []),
        ({}, {"restartPolicy": "Always", "hostNetwork": False, "nodeSelector": {}, "tolerations": []}, []),
        ({}, {"dnsPolicy": "Default"}, ["spec.template.spec.dnsPolicy"]),
        ({}, {"securityContext": None}, []),
        (container(env=[{"name": "A", "value": ""}]), container(env=[{"name": "A"}]), []),
        (
            container(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
            container(env=[{"name": "B", "value": "3"}, {"name": "A", "value": "1"}]),
            [f"{CONTAINER}.env[B].value", f"{CONTAINER}.env[order]"],
        ),
        (
            container(ports=[{"containerPort": 80, "protocol": "TCP"}]),
            container(ports=[{"containerPort": 80, "name": "web"}]),
            [f"{CONTAINER}.ports[80/TCP].name"],
        ),
        (container(args=["a", "b"]), container(args=["b", "a"]), [f"{CONTAINER}.args"]),
        (container(image="a:1"), container(image="a"), [f"{CONTAINER}.image"]),
        (
            container(resources={"limits": {"cpu": "1"}}),
            container(resources={"limits": {"cpu": "1000m"}, "requests": {"cpu": "1"}}),
            [f"{CONTAINER}.resources.requests"],
        ),
        (
            container(livenessProbe={"httpGet": {"port": 80}}),
            container(livenessProbe={"tcpSocket": {"port": 80}, "periodSeconds": 10}),
            [f"{CONTAINER}.livenessProbe.httpGet", f"{CONTAINER}.livenessProbe.tcpSocket"],
        ),
    ],
)
def test_fields_of_pods(before: dict[str, Any], after: dict[str, Any], expected: list[str]) -> None:
    """What is a change for the server, and what is not."""
    assert paths(workload(pod=before), workload(pod=after)) == expected


def test_rewritten() -> None:
    """The same amount in another family of units is a change from which nothing follows for a Deployment."""
    before, after = (workload(pod=container(resources={"limits": {"memory": text}})) for text in ("1Gi", "1073741824"))
    (field,) = fields(before, after)
    assert field.rewritten
    assert found(side(before), side(after)) == ()


def test_filled_in_fields_stay() -> None:
    """What the server has filled in stays where no manifest names it; what one has named goes back to the default."""
    job = one("Job", version="batch/v1", spec={"template": {"spec": container()}})
    parallel = {**job, "spec": {**job["spec"], "parallelism": 2}}
    assert [field.path for field in fields(job, parallel)] == ["spec.parallelism"]
    assert applied(job, parallel)["spec"]["completions"] == 1
    assert "completions" not in normal(parallel)["spec"]
    assert fields(parallel, job)[-1].after == 1


def test_policy_types_stay() -> None:
    """A policy that gets its first rules for egress does not restrict egress, unless it says so."""
    policy = one("NetworkPolicy", version="networking.k8s.io/v1", spec={"podSelector": {}})
    more = {**policy, "spec": {**policy["spec"], "egress": [{}]}}
    assert applied(policy, more)["spec"]["policyTypes"] == ["Ingress"]
    assert normal(more)["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_service_accounts_stay() -> None:
    """The server reads the account by its field's earlier name, where a manifest names it no more."""
    named, other, plain = (
        workload(pod={"serviceAccountName": "web"}),
        workload(pod={"serviceAccountName": "b"}),
        workload(),
    )
    assert fields(named, plain) == ()
    assert [field.after for field in fields(named, other)] == ["b", "b"]
    assert [field.after for field in fields(plain, named)] == ["web", "web"]


def test_addresses_stay() -> None:
    """A Service that no longer says that it is headless stays so."""
    headless, plain = one("Service", spec={"clusterIP": "None"}), one("Service", spec={"type": "ClusterIP"})
    assert fields(headless, plain) == ()
    assert [field.path for field in fields(plain, headless)] == ["spec.clusterIP"]


def test_custom_resources_are_compared_as_they_are() -> None:
    """An empty list means something to an operator."""
    before = one("Widget", version="example.com/v1", spec={})
    after = one("Widget", version="example.com/v1", spec={"parts": []})
    assert [field.path for field in fields(before, after)] == ["spec.parts"]


def test_values_of_secrets_are_hidden() -> None:
    """That a key changes is seen, and no value."""
    before, after = (one("Secret", data={"key": value, "same": "x"}) for value in ("b2xk", "bmV3"))
    (field,) = fields(before, after)
    assert (field.path, field.before, field.after) == ("data.key", HIDDEN, HIDDEN)


def test_texts_are_compared_by_lines() -> None:
    """A file of a ConfigMap is a diff; a change of its line ends is seen."""
    before, after = (one("ConfigMap", data={"a.conf": text}) for text in ("a\nb\nc\n", "a\nB\nc\n"))
    (field,) = fields(before, after)
    assert field.path == 'data."a.conf"' and {"-b", "+B"} <= {*field.diff}
    ends = one("ConfigMap", data={"a.conf": "a\r\nb\nc\n"})
    assert fields(before, ends)[0].diff == ("(line ends)",)


def test_types_are_told_apart() -> None:
    """True is not 1."""
    before, after = (one("Widget", version="example.com/v1", spec={"on": value}) for value in (True, 1))
    assert len(fields(before, after)) == 1


def test_brief() -> None:
    """A value in one line."""
    assert [brief(value) for value in (None, "a\nb", {"b": 1, "a": []}, False)] == [
        "none", "a b", '{"a": [], "b": 1}', "false",
    ]  # fmt: skip
    assert len(brief("x" * 200)) == 80


def test_order_of_changes() -> None:
    """Argo CD's own objects first, then waves; a move has both tiers."""
    config, other = one("ConfigMap", "a", data={"x": "1"}), one("ConfigMap", "b")
    before = (*side(config, tier="core"), *side(other, tier="edge"))
    after = side(config, one("Application", namespace="argocd", spec={}), tier="edge")
    made = changes(before, after)
    assert [(change.action, change.part) for change in made] == [
        (Action.CREATE, "argocd"),
        (Action.MOVE, "edge"),
        (Action.DELETE, "edge"),
    ]
    assert made[1].moved_from == "core"


def test_jobs_run_again() -> None:
    """A Job of another name is the same Job that runs again; one that only goes is deleted."""
    before, after = (
        one("Job", f"task-{number}", version="batch/v1", labels={"app": "task"}, spec={"backoffLimit": number})
        for number in (1, 2)
    )
    (change,) = changes(side(before), side(after))
    assert change.action is Action.RUN_AGAIN and change.before is before
    assert [field.path for field in change.fields] == ["spec.backoffLimit"]
    assert [change.action for change in changes(side(before), side())] == [Action.DELETE]


OBJECTS = sorted(manifests(), key=lambda manifest: (manifest["kind"], manifest["metadata"]["name"]))
OTHERS = {manifest["kind"]: manifest for manifest in OBJECTS}
KINDS = sorted({manifest["kind"] for manifest in OBJECTS})


@st.composite
def hostile(draw: st.DrawFn) -> tuple[Manifest, Manifest]:
    """An object of the platform with values of any type at places of it, before and after."""
    kind = draw(st.sampled_from(KINDS))
    original = draw(st.sampled_from([one for one in OBJECTS if one["kind"] == kind]))
    return draw(changed(original)), draw(changed(original))


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(hostile())
def test_hostile_objects(pair: tuple[Manifest, Manifest]) -> None:
    """No field of any type fails: what is wrong with it is what `chatdb check` says."""
    before, after = copy.deepcopy(pair)
    _plan(before, after)
    assert (before, after) == pair


def _plan(before: Manifest, after: Manifest) -> None:
    rest = [one for kind, one in OTHERS.items() if kind != before["kind"]]
    assert changes(side(before), side(before)) == ()
    found(side(before, *rest), side(after, *rest))
    between(side(before), side())
    normal(after)


@pytest.mark.parametrize("spec", [None, [], "text", 3, {"template": None}, {"template": {"spec": None}}])
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Job", "CronJob", "DaemonSet"])
def test_workloads_without_pods(kind: str, spec: Any) -> None:
    """A spec that is missing, or of another type."""
    version = "batch/v1" if "Job" in kind else "apps/v1"
    _plan(workload(kind) | {"apiVersion": version}, one(kind, version=version, spec=spec))
    _plan(one(kind, version=version, spec=spec), workload(kind) | {"apiVersion": version})


@settings(max_examples=100)
@given(WILD)
def test_brief_of_anything(value: Any) -> None:
    """Any value is one short line."""
    assert len(brief(value)) <= 80 and "\n" not in brief(value)
