"""Drift of one object: who has set a field decides whether one that git does not say is drift."""

import copy
from typing import Any

import pytest

from chatdb.drift.compare import FieldDrift, drift
from chatdb.drift.managers import controllers
from constructs_lib.rendered import Manifest

DECLARED: Manifest = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "space", "labels": {"app": "web"}},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "web:1", "resources": {"limits": {"cpu": "1000m"}}}]},
        },
    },
}
ARGUMENTS: dict[str, Any] = {"f:containers": {'k:{"name":"web"}': {"f:args": {}}}}
CONTAINER = {"f:spec": {"f:template": {"f:spec": ARGUMENTS}}}


def entry(manager: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    """One of `metadata.managedFields`."""
    return {"manager": manager, "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": fields, **more}


def live(*entries: dict[str, Any], **spec: Any) -> Manifest:
    """As the server has it, with more fields of its spec."""
    made = copy.deepcopy(DECLARED)
    made["metadata"] |= {"uid": "1", "resourceVersion": "2", "generation": 3, "managedFields": list(entries)}
    made["spec"] |= spec
    made["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"] = "1"
    made["status"] = {"replicas": 1}
    return made


def found(there: Manifest) -> tuple[FieldDrift, ...]:
    """Drift where the object is all that there is."""
    return drift(DECLARED, there, controllers([there]))


def test_what_the_server_adds_is_not_drift() -> None:
    """Metadata, status, an amount in another unit, and defaults."""
    assert found(live(replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)) == ()


@pytest.mark.parametrize(
    ("entries", "drifts"),
    [
        ((), False),
        ((entry("kube-controller-manager", {"f:spec": {"f:paused": {}}}),), False),
        ((entry("argocd-controller", {"f:spec": {"f:paused": {}}}),), False),
        ((entry("somebody", {"f:spec": {"f:paused": {}}}),), True),
        ((entry("operator", {"f:spec": {"f:paused": {}}}), entry("operator", {}, subresource="status")), False),
        ((entry("somebody", {"f:spec": {"f:replicas": {}}}),), False),
    ],
)
def test_field_that_git_does_not_say(entries: tuple[dict[str, Any], ...], *, drifts: bool) -> None:
    """It is drift where a person has set it."""
    fields = found(live(*entries, paused=True))
    expected = (FieldDrift(path="spec.paused", declared=None, live=True, manager="somebody"),)
    assert fields == (expected if drifts else ())


def test_default_that_a_person_has_set_is_not_drift() -> None:
    """Nothing is another than it would be without it; another value is."""
    mine = entry("kubectl-patch", {"f:spec": {"f:progressDeadlineSeconds": {}}})
    assert found(live(mine, progressDeadlineSeconds=600)) == ()
    assert [one.live for one in found(live(mine, progressDeadlineSeconds=5))] == [5]


def test_item_of_a_list_has_an_owner_of_its_own() -> None:
    """A field of a container that somebody has added."""
    there = live(entry("kubectl-edit", CONTAINER))
    there["spec"]["template"]["spec"]["containers"][0]["args"] = ["--debug"]
    (one,) = found(there)
    assert (one.path, one.manager) == ("spec.template.spec.containers[web].args", "kubectl-edit")


def test_declared_field_is_drift_whoever_sets_it() -> None:
    """Also a controller; and one that is gone."""
    there = live(entry("kube-controller-manager", {"f:metadata": {"f:labels": {"f:app": {}}}}))
    there["metadata"]["labels"] = {"app": "other"}
    assert [(one.declared, one.live, one.manager) for one in found(there)] == [("web", "other", None)]
    del there["metadata"]["labels"]
    assert [(one.path, one.live) for one in found(there)] == [("metadata.labels", None)]


def test_latest_of_several_is_named() -> None:
    """Whoever has set a field last."""
    fields: dict[str, Any] = {"f:spec": {"f:paused": {}}}
    first, last = entry("first", fields), entry("last", fields, time="2026-01-02T00:00:00Z")
    assert [one.manager for one in found(live(last, first, paused=True))] == ["last"]


def test_values_of_a_secret_are_hidden() -> None:
    """Text and its encoded form are the same; a difference shows neither."""
    head = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": "space"}}
    declared = {**head, "stringData": {"key": "old"}}
    assert drift(declared, {**head, "data": {"key": "b2xk"}, "type": "Opaque"}, ()) == ()
    (one,) = drift(declared, {**head, "data": {"key": "bmV3"}, "type": "Opaque"}, ())
    assert one == FieldDrift(path="data.key", declared="(hidden)", live="(hidden)", manager=None)
