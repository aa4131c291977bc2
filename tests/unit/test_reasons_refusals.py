"""What the API server and Argo CD answer becomes what refuses an object, why, and the fix."""

from typing import Any

import pytest

from chatdb.deploy.reasons.refusals import refusal, refusals

JOB: dict[str, Any] = {"kind": "Job", "metadata": {"namespace": "chatdb-system", "name": "kafka-topics-1"}}
CLAIM: dict[str, Any] = {"kind": "PersistentVolumeClaim", "metadata": {"namespace": "chatdb-system", "name": "data"}}
SET: dict[str, Any] = {"kind": "StatefulSet", "metadata": {"namespace": "chatdb-system", "name": "postgres"}}
SETS = (
    'StatefulSet.apps "postgres" is invalid: spec: Forbidden: updates to statefulset spec for fields other than'
    " 'replicas', 'template' are forbidden"
)
TEMPLATE = 'Job.batch "kafka-topics-1" is invalid: spec.template: Invalid value: {"x":"{}"}: field is immutable'
WORDS = {
    'pods "a" is forbidden: exceeded quota: tight, requested: pods=1, used: pods=0, limited: pods=0': (
        "quota",
        "ResourceQuota chatdb-system/tight",
    ),
    'pods "a" is forbidden: violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true)': (
        "security",
        "Namespace chatdb-system",
    ),
    'admission webhook "one.example" denied the request: no': ("webhook", "webhook one.example"),
    'Internal error occurred: failed calling webhook "one.example": failed to call webhook: refused': (
        "webhook-silent",
        "webhook one.example",
    ),
    "ValidatingAdmissionPolicy 'no-pods' with binding 'all' denied request: no pods today": (
        "policy",
        "ValidatingAdmissionPolicy no-pods",
    ),
    'resource mapping not found: no matches for kind "Gateway" in version "gateway.networking.k8s.io/v1"': (
        "kind",
        "CustomResourceDefinition of gateway.networking.k8s.io/Gateway",
    ),
    'configmaps "a" is forbidden: unable to create new content in namespace x because it is being terminated': (
        "namespace",
        "Namespace x",
    ),
    'namespaces "chatdb-system" not found': ("no-namespace", "Namespace chatdb-system"),
    "resource batch:CronJob is not permitted in project chatdb-platform": (
        "project",
        "AppProject argocd/chatdb-platform",
    ),
    'jobs is forbidden: User "system:serviceaccount:a:b" cannot create resource "jobs"': (
        "forbidden",
        "user system:serviceaccount:a:b",
    ),
    TEMPLATE: ("immutable", "Job chatdb-system/kafka-topics-1"),
    'Service "a" is invalid: spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535': (
        "invalid",
        "Job chatdb-system/kafka-topics-1",
    ),
}


@pytest.mark.parametrize("words", WORDS)
def test_known_words(words: str) -> None:
    """Who refuses it is named."""
    reason = refusal(JOB, words, "then")
    assert reason is not None
    assert ((reason.kind, reason.held_by), reason.since) == (WORDS[words], "then")


def test_other_words() -> None:
    """What nobody knows is no reason of its own."""
    assert refusal(JOB, "the server is on fire") is None


@pytest.mark.parametrize(
    ("target", "words", "fix"),
    [
        (JOB, TEMPLATE, "`kubectl delete job -n chatdb-system kafka-topics-1`"),
        (SET, SETS, "`kubectl delete statefulset -n chatdb-system postgres --cascade=orphan`"),
        (CLAIM, "spec: Forbidden: spec is immutable after creation except resources.requests", "take the change back"),
    ],
)
def test_what_cannot_be_changed(target: dict[str, Any], words: str, fix: str) -> None:
    """A Job is made anew, a StatefulSet without its pods, and a claim never: its data would go."""
    reason = refusal(target, words)
    assert reason is not None
    assert (reason.kind, reason.fix.startswith(fix)) == ("immutable", True), reason


def test_long_words_are_cut() -> None:
    """A server may quote a whole object."""
    reason = refusal(JOB, f'admission webhook "one.example" denied the request: {"no " * 1000}')
    assert reason is not None
    assert len(reason.message) == 400


def test_errors_of_kubectl() -> None:
    """Each names its object; one may go over several lines, and what is not known is left out."""
    other = 'Error from server (Forbidden): admission webhook "one.example" denied the request: no\nand no'
    words = f"The {TEMPLATE.replace('.batch', '')}\n{other}\nerror: no idea"
    found = list(refusals(words, [SET, JOB | {"kind": "ConfigMap"}, JOB]))
    assert [(one.kind, one.held_by) for one in found] == [
        ("immutable", "Job chatdb-system/kafka-topics-1"),
        ("webhook", "webhook one.example"),
    ]
    assert found[1].message.endswith("refuses it: no and no")
