"""Every rule of `chatdb plan`: a change in which it finds something, and one beside it in which it does not."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chatdb.plan.changes import Action
from chatdb.plan.notes import RULES
from chatdb.plan.sides import Side
from constructs_lib.rendered import Manifest
from tests.unit.plan_objects import NAMESPACE, between, container, found, one, rules, side, workload

KEEP = {"argocd.argoproj.io/sync-options": "Prune=false"}
CLAIM_SPEC: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
LARGER = {**CLAIM_SPEC, "resources": {"requests": {"storage": "3Gi"}}}
SMALLER = {**CLAIM_SPEC, "resources": {"requests": {"storage": "1Gi"}}}
DATA = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
DIGEST = f"@sha256:{'0' * 64}"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def claim(spec: dict[str, Any] = CLAIM_SPEC, **metadata: Any) -> Manifest:
    """A volume claim."""
    return one("PersistentVolumeClaim", "data", spec=spec, **metadata)


def mounting(name: str = "data", path: str = "/data", image: str = "example.com/web:1.1") -> Manifest:
    """A Deployment that mounts a claim."""
    pod = container(image=image, volumeMounts=[{"name": "volume", "mountPath": path}])
    volumes = [{"name": "volume", "persistentVolumeClaim": {"claimName": name}}]
    return workload(pod={**pod, "volumes": volumes})


def database(image: str = "postgres:17.7", **more: Any) -> Manifest:
    """A StatefulSet with a volume."""
    template = {"metadata": {"name": "data"}, "spec": CLAIM_SPEC}
    return workload("StatefulSet", pod=container(image=image, **DATA), volumeClaimTemplates=[template], **more)


def image(name: str) -> Manifest:
    """A Deployment of that image."""
    return workload(pod=container(image=name))


def job(name: str, command: str = "run", **spec: Any) -> Manifest:
    """A Job."""
    pod = {**container(command=[command]), "restartPolicy": "Never"}
    template = {"metadata": {"labels": {"app": "task"}}, "spec": pod}
    return one("Job", name, version="batch/v1", labels={"app": "task"}, spec={"template": template, **spec})


def config(**data: str) -> Manifest:
    """A ConfigMap."""
    return one("ConfigMap", "settings", data=data)


def reading(checksum: str = "1") -> Manifest:
    """A Deployment that gets its variables from the ConfigMap."""
    made = workload(pod=container(envFrom=[{"configMapRef": {"name": "settings"}}]))
    made["spec"]["template"]["metadata"]["annotations"] = {"checksum": checksum}
    return made


def identified(cluster: str, pod: Manifest | None = None) -> Side:
    """A program with a volume, which gets its identity from the ConfigMap."""
    made = pod or database("example.com/kafka:4")
    made["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "settings"}}]
    return side(made, config(CLUSTER_ID=cluster))


def policy(name: str, *ports: int, direction: str = "ingress", pods: dict[str, str] | None = None) -> Manifest:
    """A NetworkPolicy that allows these ports to the pods."""
    spec = {
        "podSelector": {"matchLabels": {"app": "web"} if pods is None else pods},
        "policyTypes": [direction.capitalize()],
    }
    return one(
        "NetworkPolicy",
        name,
        version="networking.k8s.io/v1",
        spec={**spec, direction: [{"ports": [{"port": port} for port in ports]}] if ports else []},
    )


RBAC = "rbac.authorization.k8s.io/v1"


def role(*verbs: str) -> Manifest:
    """A Role over pods."""
    return one("Role", version=RBAC, rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": list(verbs)}])


def binding(to: str, *subjects: str) -> Manifest:
    """A binding of that Role."""
    accounts = [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE} for name in subjects]
    return one("RoleBinding", version=RBAC, roleRef={"kind": "Role", "name": to}, subjects=accounts)


def space(level: str) -> Manifest:
    """A Namespace with that level of Pod Security."""
    return one("Namespace", NAMESPACE, namespace=None, labels={"pod-security.kubernetes.io/enforce": level})


def secrets(*keys: str) -> Side:
    """A plan of Secrets with these keys, and a program that reads `A`."""
    plan = {"secrets": [{"namespace": NAMESPACE, "name": "keys", "origin": dict.fromkeys(keys, "password")}]}
    reference = {"secretKeyRef": {"name": "keys", "key": "A"}}
    pod = container(env=[{"name": "A", "valueFrom": reference}])
    return side(workload(pod=pod), one("ConfigMap", "plan", data={"plan.json": json.dumps(plan)}))


def quota(pods: int, replicas: int) -> Side:
    """A quota, and pods in it; a rollout adds none."""
    strategy = {"type": "Recreate"}
    hard = one("ResourceQuota", "quota", spec={"hard": {"pods": str(pods)}})
    return side(workload(replicas=replicas, strategy=strategy), hard)


def application(name: str = "core", path: str = "overlays/minikube/core", revision: str = "main") -> Manifest:
    """An Application."""
    source = {"path": path, "targetRevision": revision}
    return one("Application", name, version="argoproj.io/v1alpha1", namespace="argocd", spec={"source": source})


def autoscaled(**spec: Any) -> Side:
    """A Deployment with an autoscaler."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    scaler = one("HorizontalPodAutoscaler", version="autoscaling/v2", spec={"maxReplicas": 3, "scaleTargetRef": target})
    return side(workload(**spec), scaler)


SERVICE = {"ports": [{"port": 80}], "selector": {"app": "web"}}
Pair = tuple[Side, Side]
CASES: dict[str, tuple[Pair, Pair]] = {
    "statefulset-field": (
        (side(database(serviceName="a")), side(database(serviceName="b"))),
        (side(database(replicas=1)), side(database(replicas=2))),
    ),
    "selector": (
        (side(workload()), side(workload(selector={"matchLabels": {"app": "other"}}))),
        (side(workload()), side(workload(labels={"app": "web", "team": "a"}))),
    ),
    "job-template": (
        (side(job("task-1")), side(job("task-1", "other"))),
        (side(job("task-1")), side(job("task-1", parallelism=2))),
    ),
    "claim-field": ((side(claim()), side(claim(SMALLER))), (side(claim()), side(claim(LARGER)))),
    "cluster-ip": (
        (side(one("Service", spec=SERVICE)), side(one("Service", spec={**SERVICE, "clusterIP": "None"}))),
        (side(one("Service", spec={**SERVICE, "clusterIP": "None"})), side(one("Service", spec=SERVICE))),
    ),
    "update-strategy": (
        (side(workload()), side(workload(strategy={"type": "Recreate"}))),
        (
            side(workload(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}})),
            side(workload(strategy={"type": "Recreate"})),
        ),
    ),
    "role-ref": ((side(binding("a")), side(binding("b"))), (side(binding("a")), side(binding("a", "web")))),
    "immutable-data": (
        (side({**config(A="1"), "immutable": True}), side({**config(A="2"), "immutable": True})),
        (side(config(A="1")), side({**config(A="2"), "immutable": True})),
    ),
    "volume-deleted": ((side(claim(), job("a")), side(job("a"))), (side(claim(annotations=KEEP)), side())),
    "statefulset-deleted": ((side(database()), side()), (side(workload("StatefulSet")), side())),
    "definition-deleted": (
        (side(application("operator", "releases")), side()),
        (side(application()), side()),
    ),
    "claim-renamed": ((side(mounting("a")), side(mounting("b"))), (side(mounting("a")), side(mounting("a", "/other")))),
    "mount-moved": ((side(mounting()), side(mounting(path="/srv"))), (side(mounting("a")), side(mounting("b")))),
    "postgres-major": (
        (side(database("postgres:17.7")), side(database("postgres:18.1"))),
        (side(database("postgres:17.7")), side(database("postgres:17.8"))),
    ),
    "engine-downgraded": (
        (side(database("postgres:17.7")), side(database("postgres:17.5"))),
        (side(image("example.com/web:2")), side(image("example.com/web:1"))),
    ),
    "engine-replaced": (
        (side(mounting(image="example.com/a:1")), side(mounting(image="example.com/b:1"))),
        (side(mounting(image="example.com/a:1")), side(mounting(image="mirror.example/team/a:1"))),
    ),
    "data-identity": (
        (identified("a"), identified("b")),
        (identified("a", workload()), identified("b", workload())),
    ),
    "volume-grown": ((side(claim()), side(claim(LARGER))), (side(claim()), side(claim(SMALLER)))),
    "image-downgraded": (
        (side(image("example.com/web:2")), side(image("example.com/web:1"))),
        (side(image("example.com/web:2")), side(image("example.com/other:1"))),
    ),
    "pods-restart": (
        (side(image("example.com/web:1")), side(image("example.com/web:2"))),
        (side(workload(replicas=1)), side(workload(replicas=2))),
    ),
    "job-runs": ((side(job("task-1")), side(job("task-2", "other"))), (side(job("task-1")), side())),
    "config-unread": (
        (side(reading(), config(A="1")), side(reading(), config(A="2"))),
        (side(reading("1"), config(A="1")), side(reading("2"), config(A="2"))),
    ),
    "autoscaler-replicas": (
        (side(workload(replicas=2)), autoscaled(replicas=2, minReadySeconds=1)),
        (side(workload(replicas=2)), autoscaled(minReadySeconds=1)),
    ),
    "stopped": ((side(workload()), side(workload(replicas=0))), (side(workload(replicas=0)), side(workload()))),
    "image-digest": (
        (side(image(f"example.com/web:1{DIGEST}")), side(image("example.com/web:1"))),
        (side(image("example.com/web:1")), side(image(f"example.com/web:1{DIGEST}"))),
    ),
    "policy-opened": (
        (side(policy("a", 80)), side(policy("a", 80, 81))),
        (side(policy("a", 80, 81)), side(policy("a", 80))),
    ),
    "policy-closed": (
        (side(workload(), policy("a", 80, 81)), side(workload(), policy("a", 80))),
        (side(workload(), policy("a", 80), policy("deny", pods={})), side(policy("deny", pods={}))),
    ),
    "rights-widened": ((side(role("get")), side(role("get", "list"))), (side(role("get", "list")), side(role("get")))),
    "rights-given": (
        (side(binding("a", "web")), side(binding("a", "web", "other"))),
        (side(binding("a", "web", "other")), side(binding("a", "web"))),
    ),
    "pod-security-lowered": (
        (side(space("restricted")), side(space("baseline"))),
        (side(space("baseline")), side(space("restricted"))),
    ),
    "secret-key-removed": ((secrets("A", "B"), secrets("B")), (secrets("A", "B"), secrets("A"))),
    "quota-exceeded": ((quota(2, 1), quota(2, 3)), (quota(2, 1), quota(6, 3))),
    "tier-deleted": (
        (side(application()), side()),
        (side(application("operator", "releases")), side()),
    ),
    "object-moved": (
        (side(config(A="1")), side(config(A="1"), tier="edge")),
        (side(config(A="1")), side(config(A="2"))),
    ),
    "pinned": (
        (side(application(revision=COMMIT), config(A="1")), side(application(revision=COMMIT), config(A="2"))),
        (side(application(), config(A="1")), side(application(), config(A="2"))),
    ),
}


def test_every_rule_is_here() -> None:
    """A new rule has to bring a case."""
    assert CASES.keys() == {rule.id for rule in RULES}


@pytest.mark.parametrize("rule", CASES)
def test_found(rule: str) -> None:
    """It finds something in the one, and nothing in the other; nor in what does not change."""
    (before, after), near = CASES[rule]
    assert rule in rules(before, after)
    assert rule not in rules(*near)
    assert rules(before, before) == rules(after, after) == set()


def test_ids_follow_the_change() -> None:
    """The same change has the same id; another change of the same object has another."""
    first, again = (found(side(claim()), side(claim(SMALLER)))[0].id for _ in range(2))
    other = found(side(claim(LARGER)), side(claim(SMALLER)))[0].id
    assert first == again != other


def test_refused_objects_restart_nothing() -> None:
    """Of what the server does not take, no pod is replaced."""
    other = {"matchLabels": {"app": "other"}}
    assert rules(side(workload()), side(workload(selector=other, labels={"app": "other"}))) == {"selector"}


def test_blocking_first() -> None:
    """What blocks stands before what does not."""
    notes = found(side(database("postgres:17.7")), side(database("postgres:18.1")))
    assert [note.blocking for note in notes] == sorted((note.blocking for note in notes), reverse=True)
    assert {note.rule for note in notes} == {"postgres-major", "pods-restart"}


@pytest.mark.parametrize(
    ("kind", "spec", "text"),
    [
        ("Deployment", {}, "1 pod is replaced, and 1 or more serve meanwhile"),
        ("Deployment", {"strategy": {"type": "Recreate"}}, "1 pod is replaced, and none serves meanwhile"),
        ("Deployment", {"replicas": 4}, "4 pods are replaced, and 3 or more serve meanwhile"),
        ("StatefulSet", {"replicas": 3}, "3 pods are replaced, and 2 or more serve meanwhile"),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, "1 pod is replaced only when somebody deletes it"),
    ],
)
def test_restarts(kind: str, spec: dict[str, Any], text: str) -> None:
    """How many pods, and how many of them serve meanwhile."""
    before, after = (workload(kind, pod=container(image=name), **spec) for name in ("a:1", "a:2"))
    (note,) = (note for note in found(side(before), side(after)) if note.rule == "pods-restart")
    assert note.text == text


def test_connections_are_named_once() -> None:
    """Of two policies for the same pods, each names what it allows itself."""
    before = side(policy("a", 80), policy("b", 81))
    after = side(policy("a", 80, 90), policy("b", 81, 91))
    texts = [note.text for note in found(before, after) if note.rule == "policy-opened"]
    assert [text.count("TCP") for text in texts] == [1, 1]
    assert "TCP 90" in texts[0] and "TCP 91" in texts[1]


def test_last_policy_of_pods_opens_all() -> None:
    """Pods that no policy selects any more may be reached by anybody."""
    (note,) = found(side(workload(), policy("a", 80)), side(workload()))
    assert note.rule == "policy-opened" and "from anybody on every port" in note.text


def test_unreadable_objects_hide_no_others() -> None:
    """A rule that fails on one object finds what there is in the others."""
    broken = one("Deployment", "broken", version="apps/v1", spec={"template": {"spec": {"containers": [3]}}})
    worse = one("Deployment", "broken", version="apps/v1", spec={"template": {"spec": {"containers": [4]}}})
    good = [image("example.com/web:2"), image("example.com/web:1")]
    assert "image-downgraded" in rules(side(broken, good[0]), side(worse, good[1]))


def test_kept_objects_are_kept() -> None:
    """What Argo CD leaves in place is not deleted."""
    (change,) = between(side(claim(annotations=KEEP)), side()).changes
    assert change.action is Action.KEEP
    assert replace(change, action=Action.DELETE).after is None
