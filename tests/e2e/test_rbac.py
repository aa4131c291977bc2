"""What each service account may do, asked of a real API server with the account's own token."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import FORBIDDEN, OK
from pathlib import Path
from typing import Any

import pytest

from catalogue.namespaces import Namespace
from chatdb.local.processes import wait_for
from constructs_lib.kustomize import kustomize
from tests.e2e.access import OTHER, Account, Asker, Request, allows, granted
from tests.e2e.api import Api, Manifest
from tests.e2e.credentials_job import POSTGRES, Job
from tests.e2e.target import Target, apply_all, target
from tests.repository import ROOT
from tests.unit.scripts.job_scripts import PERMANENT

ACCESS = {"Namespace", "ServiceAccount", "Role", "RoleBinding", "ConfigMap", "LimitRange"}
"""Kinds that say who may do what, and what a pod is given; none of them starts anything."""
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
NAMED = ("get", "update", "patch", "delete")
"""Verbs that a Role can allow for one name alone; the others have no name to ask for."""
SPECIAL = {
    ("rbac.authorization.k8s.io", "roles"): ("bind", "escalate"),
    ("rbac.authorization.k8s.io", "clusterroles"): ("bind", "escalate"),
    ("", "serviceaccounts"): ("impersonate",),
    ("", "users"): ("impersonate",),
    ("", "groups"): ("impersonate",),
}
RESOURCES = (
    *(("", name) for name in (
        "secrets", "pods", "pods/exec", "pods/log", "pods/attach", "pods/portforward", "pods/eviction", "configmaps",
        "services", "services/proxy", "serviceaccounts", "serviceaccounts/token", "persistentvolumeclaims", "events",
        "namespaces", "nodes", "nodes/proxy", "persistentvolumes",
    )),
    *(("apps", name) for name in ("deployments", "deployments/scale", "statefulsets", "daemonsets")),
    *(("batch", name) for name in ("jobs", "cronjobs")),
    *(("networking.k8s.io", name) for name in ("networkpolicies", "ingresses")),
    *(("rbac.authorization.k8s.io", name) for name in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")),
    ("certificates.k8s.io", "certificatesigningrequests"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    ("argoproj.io", "applications"),
)  # fmt: skip
PLACES = (*Namespace, "kube-system", "")


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    """The minikube overlay."""
    return kustomize(ROOT, ROOT / "overlays/minikube")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, manifests: list[Manifest]) -> Iterator[Target]:
    """A control plane that knows the platform's accounts and Roles, and runs none of its workloads."""
    with target(tmp_path_factory.mktemp("rbac") / "cluster") as made:
        apply_all(made.api, [manifest for manifest in manifests if manifest["kind"] in ACCESS])
        yield made


def accounts(manifests: list[Manifest]) -> list[Account]:
    """Those of the platform, and each namespace's own."""
    own = [manifest["metadata"] for manifest in manifests if manifest["kind"] == "ServiceAccount"]
    return [
        *(Account(metadata["namespace"], metadata["name"]) for metadata in own),
        *(Account(namespace, "default") for namespace in Namespace),
    ]


def grid() -> Iterator[Request]:
    """Every verb on every resource in every place, for all names and for one that no Role names."""
    for group, resource in RESOURCES:
        for verb in VERBS + SPECIAL.get((group, resource), ()):
            for place in PLACES:
                yield Request(verb, group, resource, place)
                if verb in NAMED:
                    yield Request(verb, group, resource, place, OTHER)


def questions(grants: set[Request]) -> list[Request]:
    """The grid, and every verb on each object that the account's Roles name."""
    named = {(one.group, one.resource, one.namespace, one.name) for one in grants if one.name}
    return [*grid(), *(Request(verb, *one) for one in named for verb in VERBS)]


@contextmanager
def asking(api: Api, account: Account) -> Iterator[Asker]:
    """A connection of the account's own."""
    asker = Asker(api, account)
    try:
        yield asker
    finally:
        asker.close()


def test_roles_allow_what_they_say(cluster: Target, manifests: list[Manifest]) -> None:
    """Every verb, resource, namespace and name of every Role is allowed to the account that it is bound to."""
    asked = 0
    for account in accounts(manifests):
        with asking(cluster.api, account) as asker:
            grants = set(granted(manifests, account))
            assert bool(grants) == (account.name != "default")
            assert [one for one in grants if not asker.allowed(one)] == []
            asked += len(grants)
    assert asked > 30


def test_nothing_else_is_allowed(cluster: Target, manifests: list[Manifest]) -> None:
    """Of thousands of other requests, in every namespace and of cluster scope, none is allowed."""
    for account in accounts(manifests):
        with asking(cluster.api, account) as asker:
            grants = set(granted(manifests, account))
            wrong = [one for one in questions(grants) if asker.allowed(one) != allows(grants, one)]
            assert wrong == [], account


def test_a_wider_role_is_seen(cluster: Target, manifests: list[Manifest]) -> None:
    """The comparison above finds one verb too many, as soon as the server knows of it."""
    account = Account("chatdb-testing", "chaos")
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "wider", "namespace": "chatdb-system"},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}],
    }
    binding = {
        "apiVersion": role["apiVersion"],
        "kind": "RoleBinding",
        "metadata": role["metadata"],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "wider"},
        "subjects": [{"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}],
    }
    wanted = Request("list", "", "secrets", "chatdb-system")
    with asking(cluster.api, account) as asker:
        assert asker.status("/api/v1/namespaces/chatdb-system/secrets") == FORBIDDEN
        try:
            for manifest in (role, binding):
                cluster.api.apply(manifest)
            wait_for("the server knows the wider Role", 10, lambda: asker.allowed(wanted))
            assert asker.status("/api/v1/namespaces/chatdb-system/secrets") == OK
            assert not allows(set(granted(manifests, account)), wanted)
        finally:
            for manifest in (binding, role):
                cluster.api.delete(cluster.api.of(manifest))
        wait_for("the server has forgotten it", 10, lambda: not asker.allowed(wanted))


def test_tokens_are_mounted_where_a_role_is_bound(cluster: Target, manifests: list[Manifest]) -> None:
    """The pod that the server would make of each template has a token if, and only if, its account has a Role."""
    workloads = [manifest for manifest in manifests if "template" in manifest.get("spec", {})]
    assert len(workloads) > 15
    for workload in workloads:
        pod = cluster.api.apply(_pod(workload), dry_run=True)
        account = Account(workload["metadata"]["namespace"], pod["spec"]["serviceAccountName"])
        sources = [
            source for volume in pod["spec"]["volumes"] for source in volume.get("projected", {}).get("sources", [])
        ]
        mounted = any("serviceAccountToken" in source for source in sources)
        assert mounted == bool(list(granted(manifests, account))), workload["metadata"]["name"]


def _pod(workload: Manifest) -> Manifest:
    """The pod of the workload's template, as its controller makes it."""
    template = workload["spec"]["template"]
    claims = [claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])]
    volumes = [*template["spec"].get("volumes", []), *({"name": name, "emptyDir": {}} for name in claims)]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": template["metadata"] | {"name": "asked", "namespace": workload["metadata"]["namespace"]},
        "spec": template["spec"] | {"volumes": volumes},
    }


@pytest.fixture
def job(cluster: Target, manifests: list[Manifest], tmp_path: Path) -> Iterator[Job]:
    """The Job before its first run; every Secret is gone after the test."""
    files = next(manifest for manifest in manifests if manifest["metadata"]["name"] == "credentials-files")
    made = Job(cluster.api, tmp_path, files["data"]["plan.json"])
    made.clear()
    yield made
    made.clear()


def test_job_makes_every_secret_once(job: Job) -> None:
    """Every Secret with exactly the planned keys; a second run writes nothing."""
    assert job.run().returncode == 0
    job.check_complete(before={})
    before = job.versions()
    done = job.run()
    assert (done.returncode, done.stdout) == (0, f"all {len(job.plan)} Secrets are complete\n")
    assert job.versions() == before


def test_job_keeps_what_is_there(job: Job) -> None:
    """A password that somebody made is kept, and what derives from it is made of it."""
    secret = {"apiVersion": "v1", "kind": "Secret", "stringData": {"POSTGRES_PASSWORD": "ours"}}
    metadata = {"namespace": POSTGRES[0], "name": POSTGRES[1]}
    job.api.apply(secret | {"metadata": metadata})
    assert job.run().returncode == 0
    job.check_complete(before={POSTGRES: {"POSTGRES_PASSWORD": "ours"}})


def test_job_killed_at_any_moment_is_completed(job: Job) -> None:
    """Killed after each line that it says, which is each write, and run again: complete, with the values of before."""
    said = len(job.run().stdout.splitlines())
    assert said > len(job.plan)
    kept = 0
    for lines in range(said):
        job.clear()
        job.killed_after(lines)
        before = job.values()
        assert job.run().returncode == 0
        job.check_complete(before)
        kept += bool(before)
    assert kept >= said - 1


def test_job_refuses_a_new_password_for_old_data(job: Job) -> None:
    """While the claim with the database exists, a lost password is an error with advice, and nothing is written."""
    metadata = {"namespace": POSTGRES[0], "name": "data-postgres-0"}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim: dict[str, Any] = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
    job.api.apply(claim)
    try:
        done = job.run()
    finally:
        job.api.delete(job.api.of(claim))
        wait_for("the claim is gone", 20, lambda: not job.api.get("v1", claim["kind"], *metadata.values()))
    assert done.returncode == PERMANENT
    assert "restore chatdb-system/postgres-credentials or delete the claim" in done.stderr
    assert job.values() == {}
