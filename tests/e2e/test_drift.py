"""`chatdb drift` on a real API server: every kind of manual change is found, with who made it; nothing else is."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml
from click.testing import CliRunner

from chatdb.cli import main
from constructs_lib import manifest_yaml
from constructs_lib.kustomize import kustomize
from tests.cli.release_project import commit, git
from tests.e2e.access import Account, token
from tests.e2e.complaints import settled
from tests.e2e.deploying import Site, deploying
from tests.repository import IDENTITY

SECONDS = 60
SETTLING = 120
SERVICES, SYSTEM = "chatdb-services", "chatdb-system"
PARSER = f"-n {SERVICES} deployment/query-parser"
SIDECAR = {"spec": {"template": {"spec": {"containers": [{"name": "debug", "image": "debug:1"}]}}}}
NO_SIDECAR = {"spec": {"template": {"spec": {"containers": [{"name": "debug", "$patch": "delete"}]}}}}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "by-hand", "namespace": SYSTEM},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
}
POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "by-hand", "namespace": SERVICES},
    "spec": {"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress"]},
}


@dataclass(frozen=True, slots=True)
class Case:
    """A command of kubectl's, and what `drift` has to say: the state, the object, the field, and the manager.

    `undo` takes back what an apply would leave in place; `besides` are fields that follow from the change.
    """

    do: str
    state: str
    object: str
    field: str | None = None
    manager: str | None = None
    undo: str | None = None
    besides: tuple[str, ...] = ()


def merge(target: str, patch: object, kind: str = "merge") -> str:
    """A patch."""
    return f"patch {target} --type={kind} --patch={shlex.quote(json.dumps(patch))}"


def pods(patch: object) -> str:
    """A patch of the pods' template."""
    return merge(PARSER, {"spec": {"template": patch}})


def create(manifest: object) -> str:
    """An object that nothing declares."""
    return f"create --filename=- {shlex.quote(json.dumps(manifest))}"


DEPLOYMENT = f"Deployment {SERVICES}/query-parser"
CONTAINER = "spec.template.spec.containers[query-parser]"
CONFIG = f"-n {SERVICES} configmap/query-parser-config"
TEMPLATE = "/spec/template/spec/containers/0"
CASES: dict[str, Case] = {
    "scaled": Case(f"scale {PARSER} --replicas=3", "changed", DEPLOYMENT, "spec.replicas", "kubectl"),
    "scaled-stateful": Case(
        f"scale -n {SYSTEM} statefulset/kafka --replicas=2", "changed", f"StatefulSet {SYSTEM}/kafka", "spec.replicas",
        "kubectl",
    ),
    "other-image": Case(
        f"set image {PARSER} query-parser=chatdb/query-parser:9", "changed", DEPLOYMENT, f"{CONTAINER}.image",
        "kubectl-set",
    ),
    "new-variable": Case(
        f"set env {PARSER} BY_HAND=1", "changed", DEPLOYMENT, f"{CONTAINER}.env", "kubectl-set",
        f"set env {PARSER} BY_HAND-",
    ),
    "other-resources": Case(
        f"set resources {PARSER} --limits=memory=900Mi", "changed", DEPLOYMENT, f"{CONTAINER}.resources.limits.memory",
        "kubectl-set",
    ),
    "other-account": Case(
        f"set serviceaccount {PARSER} by-hand", "changed", DEPLOYMENT, "spec.template.spec.serviceAccountName",
        "kubectl-set", pods({"spec": {"serviceAccountName": None, "serviceAccount": None}}),
        besides=("spec.template.spec.serviceAccount",),
    ),
    "probe-removed": Case(
        merge(PARSER, [{"op": "remove", "path": f"{TEMPLATE}/readinessProbe"}], "json"), "changed", DEPLOYMENT,
        f"{CONTAINER}.readinessProbe",
    ),
    "sidecar": Case(
        merge(PARSER, SIDECAR, "strategic"), "changed", DEPLOYMENT, "spec.template.spec.containers[debug]",
        "kubectl-patch", merge(PARSER, NO_SIDECAR, "strategic"),
    ),
    "default-changed": Case(
        merge(PARSER, {"spec": {"progressDeadlineSeconds": 5}}), "changed", DEPLOYMENT, "spec.progressDeadlineSeconds",
        "kubectl-patch", merge(PARSER, {"spec": {"progressDeadlineSeconds": None}}),
    ),
    "node-selector": Case(
        pods({"spec": {"nodeSelector": {"disk": "fast"}}}), "changed", DEPLOYMENT,
        "spec.template.spec.nodeSelector", "kubectl-patch",
        pods({"spec": {"nodeSelector": None}}),
    ),
    "restarted": Case(
        f"rollout restart {PARSER}", "changed", DEPLOYMENT,
        'spec.template.metadata.annotations."kubectl.kubernetes.io/restartedAt"', "kubectl-rollout",
        pods({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": None}}}),
    ),
    "paused": Case(
        f"rollout pause {PARSER}", "changed", DEPLOYMENT, "spec.paused", "kubectl-rollout", f"rollout resume {PARSER}"
    ),
    "new-label": Case(
        f"label {PARSER} by=hand", "changed", DEPLOYMENT, "metadata.labels.by", "kubectl-label", f"label {PARSER} by-"
    ),
    "other-label": Case(
        f"label --overwrite {PARSER} app.kubernetes.io/part-of=other", "changed", DEPLOYMENT,
        'metadata.labels."app.kubernetes.io/part-of"', "kubectl-label",
    ),
    "new-annotation": Case(
        f"annotate {PARSER} by=hand", "changed", DEPLOYMENT, "metadata.annotations.by", "kubectl-annotate",
        f"annotate {PARSER} by-",
    ),
    "finalizer": Case(
        merge(CONFIG, {"metadata": {"finalizers": ["test.invalid/hold"]}}), "changed",
        f"ConfigMap {SERVICES}/query-parser-config", "metadata.finalizers", "kubectl-patch",
        merge(CONFIG, {"metadata": {"finalizers": None}}),
    ),
    "other-value": Case(
        merge(CONFIG, {"data": {"LOG_LEVEL": "by-hand"}}), "changed", f"ConfigMap {SERVICES}/query-parser-config",
        "data.LOG_LEVEL", "kubectl-patch", merge(CONFIG, {"data": {"LOG_LEVEL": None}}),
    ),
    "new-key": Case(
        merge(CONFIG, {"data": {"BY_HAND": "1"}}), "changed", f"ConfigMap {SERVICES}/query-parser-config",
        "data.BY_HAND", "kubectl-patch", merge(CONFIG, {"data": {"BY_HAND": None}}),
    ),
    "service-type": Case(
        merge(f"-n {SERVICES} service/query-parser", {"spec": {"type": "NodePort"}}), "changed",
        f"Service {SERVICES}/query-parser", "spec.type", "kubectl-patch",
        besides=("spec.externalTrafficPolicy",),
    ),
    "pod-security": Case(
        f"label --overwrite namespace/{SERVICES} pod-security.kubernetes.io/enforce=privileged", "changed",
        f"Namespace {SERVICES}", 'metadata.labels."pod-security.kubernetes.io/enforce"', "kubectl-label",
    ),
    "quota": Case(
        merge(f"-n {SERVICES} resourcequota/quota", {"spec": {"hard": {"pods": "99"}}}), "changed",
        f"ResourceQuota {SERVICES}/quota", "spec.hard.pods", "kubectl-patch",
    ),
    "policy-opened": Case(
        merge(f"-n {SERVICES} networkpolicy/default-deny", {"spec": {"ingress": [{}]}}), "changed",
        f"NetworkPolicy {SERVICES}/default-deny", "spec.ingress", "kubectl-patch",
        merge(f"-n {SERVICES} networkpolicy/default-deny", {"spec": {"ingress": None}}),
    ),
    "more-rights": Case(
        merge(f"-n {SYSTEM} role/credentials", [{"op": "add", "path": "/rules/0/verbs/-", "value": "delete"}], "json"),
        "changed", f"Role {SYSTEM}/credentials", "rules", "kubectl-patch",
    ),
    "deleted": Case(
        f"delete -n {SYSTEM} networkpolicy/default-deny", "missing", f"NetworkPolicy {SYSTEM}/default-deny"
    ),
    "deleted-workload": Case(
        f"delete -n {SERVICES} deployment/ml-engine", "missing", f"Deployment {SERVICES}/ml-engine"
    ),
    "new-deployment": Case(
        f"create deployment by-hand --image=debug:1 -n {SERVICES}", "undeclared", f"Deployment {SERVICES}/by-hand",
        None, "kubectl-create", f"delete -n {SERVICES} deployment/by-hand",
    ),
    "new-configmap": Case(
        f"create configmap by-hand --from-literal=a=b -n {SYSTEM}", "undeclared", f"ConfigMap {SYSTEM}/by-hand", None,
        "kubectl-create", f"delete -n {SYSTEM} configmap/by-hand",
    ),
    "new-policy": Case(
        create(POLICY), "undeclared", f"NetworkPolicy {SERVICES}/by-hand", None, "kubectl-create",
        f"delete -n {SERVICES} networkpolicy/by-hand",
    ),
    "new-claim": Case(
        create(CLAIM), "undeclared", f"PersistentVolumeClaim {SYSTEM}/by-hand", None, "kubectl-create",
        f"delete -n {SYSTEM} persistentvolumeclaim/by-hand",
    ),
    "new-binding": Case(
        f"create rolebinding by-hand --clusterrole=edit --user=somebody -n {SYSTEM}", "undeclared",
        f"RoleBinding {SYSTEM}/by-hand", None, "kubectl-create", f"delete -n {SYSTEM} rolebinding/by-hand",
    ),
    "new-service": Case(
        f"expose {PARSER} --name=by-hand", "undeclared", f"Service {SERVICES}/by-hand", None, "kubectl-expose",
        f"delete -n {SERVICES} service/by-hand",
    ),
    "new-autoscaler": Case(
        f"autoscale {PARSER} --max=3 --cpu=50% --name=by-hand", "undeclared",
        f"HorizontalPodAutoscaler {SERVICES}/by-hand", None, "kubectl-autoscale",
        f"delete -n {SERVICES} horizontalpodautoscaler/by-hand",
    ),
}  # fmt: skip
OPERATOR = "--field-manager=test-operator"
STATUS = {"status": {"conditions": [{"type": "Seen", "status": "True"}]}}


def kubectl(site: Site, command: str, text: str | None = None) -> str:
    """What kubectl prints; a manifest after `--filename=-` is what it reads."""
    words = shlex.split(command)
    if text is None and "--filename=-" in words:
        text = words.pop()
    env_vars = {**os.environ, **site.environment}
    done = subprocess.run(
        ["kubectl", *words], env=env_vars, input=text, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, f"kubectl {command}: {done.stderr}"
    return done.stdout


def apply(site: Site) -> None:
    """As a deployment does, but without waiting for anything."""
    manifests = kustomize(site.root, site.root / "overlays/minikube")
    command = "apply --server-side --force-conflicts --field-manager=chatdb --filename=-"
    kubectl(site, command, manifest_yaml.dump(manifests))


ACCOUNTS = {"drift-access.yaml": "chatdb-drift", "drift-apply-access.yaml": "chatdb-drift-apply"}
"""What is shipped -> the account that it has."""


def grant(site: Site) -> None:
    """Apply the accounts that are shipped, as an administrator does, and make a kubeconfig for each."""
    for file, name in ACCOUNTS.items():
        kubectl(site, f"apply --filename={site.root}/argocd/minikube/{file}")
        config = yaml.safe_load(site.cluster.kubeconfig.read_text())
        config["users"][0]["user"] = {"token": token(site.cluster.api, Account(SYSTEM, name))}
        (site.root.parent / name).write_text(yaml.safe_dump(config))


def run_as(site: Site, name: str | None, *arguments: str) -> tuple[int, str]:
    """The command by an account that is shipped, or by an administrator."""
    env_vars = site.environment | ({"KUBECONFIG": str(site.root.parent / name)} if name else {})
    done = CliRunner().invoke(main, ["drift", *arguments], obj=site.root, env=env_vars)
    return done.exit_code, done.output


def drifted(site: Site, *options: str, administrator: bool = False) -> list[dict[str, object]]:
    """What the command says, as JSON; it is run by the account that is shipped for it, unless a Secret is declared."""
    shipped = ACCOUNTS["drift-apply-access.yaml" if "--dry-run-apply" in options else "drift-access.yaml"]
    code, output = run_as(site, None if administrator else shipped, "--json", *options)
    objects = json.loads(output)["objects"]
    assert code == (1 if objects else 0)
    assert isinstance(objects, list)
    return objects


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The platform, applied and at rest."""
    with deploying(tmp_path_factory.mktemp("drift")) as made, pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in IDENTITY.items():
            monkeypatch.setenv(name, value)
        (made.root / ".gitignore").write_text(".tools\n.cdk8s\n")
        git(made.root, "init", "--quiet", "--initial-branch=main")
        commit(made.root, "contents")
        apply(made)
        grant(made)
        settled(made.cluster.api, [SERVICES, SYSTEM], SETTLING)
        yield made


def test_no_drift(site: Site) -> None:
    """Defaults, what controllers write, and objects that others own are none, in both ways of comparing."""
    assert drifted(site) == []
    assert drifted(site, "--dry-run-apply") == []
    code, output = site.run("drift")
    assert (code, output) == (0, "minikube: no drift\n")


def test_account_without_the_right_to_patch(site: Site) -> None:
    """It is told who grants it; so is one that may read nothing."""
    code, output = run_as(site, "chatdb-drift", "--dry-run-apply")
    assert code == 1
    assert "cannot patch resource" in output
    assert "kubectl apply -f argocd/minikube/drift-apply-access.yaml" in output
    kubectl(site, f"delete -n {SERVICES} rolebinding/chatdb-drift")
    code, output = run_as(site, "chatdb-drift")
    assert (code, "kubectl apply -f argocd/minikube/drift-access.yaml" in output) == (1, True)
    grant(site)


def test_rights_name_what_the_server_has(site: Site) -> None:
    """Each resource of the built-in groups is one of the server's; a wrong plural would grant nothing."""
    api = site.cluster.api
    groups = {"": "v1"} | {
        one["name"]: one["preferredVersion"]["groupVersion"] for one in api.request("GET", "/apis")["groups"]
    }
    served = {
        (group, resource["name"])
        for group, version in groups.items()
        for resource in api.request("GET", f"/apis/{version}" if group else "/api/v1")["resources"]
    }
    for file in ACCOUNTS:
        objects = yaml.safe_load_all((site.root / "argocd/minikube" / file).read_text())
        rules = [rule for one in objects if one["kind"].endswith("Role") for rule in one["rules"]]
        named = {(rule["apiGroups"][0], name) for rule in rules for name in rule["resources"]}
        assert {one for one in named if one[0] in groups} <= served
        # The others are those of traits.
        assert {group for group, _ in named} - groups.keys() == {"gateway.networking.k8s.io"}


def test_manual_changes(site: Site) -> None:
    """Each is found in both ways, with who made it, and nothing else; all is well when they are taken back."""
    expected: dict[tuple[str, str], dict[str, str | None]] = {}
    for case in CASES.values():
        fields = expected.setdefault((case.state, case.object), {})
        if case.field:
            fields |= dict.fromkeys((case.field, *case.besides), case.manager)
    for case in CASES.values():
        kubectl(site, case.do)
    for options in ((), ("--dry-run-apply",)):
        objects = drifted(site, *options)
        found = {
            (str(one["state"]), f"{one['kind']} {_place(one)}"): {
                field["path"]: field["manager"]
                for field in one["fields"]  # type: ignore[attr-defined]
            }
            for one in objects
        }
        assert found == expected
        makers = {f"{one['kind']} {_place(one)}": one["manager"] for one in objects if one["state"] == "undeclared"}
        assert makers == {case.object: case.manager for case in CASES.values() if case.state == "undeclared"}
    for case in reversed(CASES.values()):
        if case.undo:
            kubectl(site, case.undo)
    apply(site)
    assert drifted(site) == []


def _place(one: dict[str, object]) -> str:
    return f"{one['namespace']}/{one['name']}" if one["namespace"] else str(one["name"])


def test_what_an_operator_sets_is_not_drift(site: Site) -> None:
    """Who writes the status of objects is a program; of the same field, set by a person, that is said."""
    kubectl(site, f"{merge(PARSER, STATUS)} --subresource=status {OPERATOR}")
    kubectl(site, f"annotate {PARSER} test.invalid/seen=yes {OPERATOR}")
    assert drifted(site) == []
    kubectl(site, f"annotate --overwrite {PARSER} test.invalid/seen=by-hand")
    (one,) = drifted(site)
    assert [field["live"] for field in one["fields"]] == ["by-hand"]  # type: ignore[attr-defined]
    kubectl(site, f"annotate {PARSER} test.invalid/seen-")


def test_secret_is_compared_and_not_shown(site: Site) -> None:
    """One that an overlay declares."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shown", "namespace": SYSTEM}}
    folder = site.root / "overlays/minikube/foundation"
    kustomization = (folder / "kustomization.yaml").read_text()
    (folder / "secret.yaml").write_text(json.dumps({**secret, "stringData": {"key": "in-git"}}))
    (folder / "kustomization.yaml").write_text(kustomization.replace("resources:", "resources:\n  - secret.yaml"))
    commit(site.root, "a Secret")
    apply(site)
    try:
        assert drifted(site, administrator=True) == []
        kubectl(site, merge(f"-n {SYSTEM} secret/shown", {"stringData": {"key": "by-hand"}}))
        code, output = site.run("drift")
        assert code == 1
        assert "data.key: (hidden) in git, (hidden) live, set by kubectl-patch" in output
        output += json.dumps([drifted(site, *options, administrator=True) for options in ((), ("--dry-run-apply",))])
        for word in ("by-hand", "in-git", "aW4tZ2l0", "YnktaGFuZA"):
            assert word not in output
    finally:
        (folder / "kustomization.yaml").write_text(kustomization)
        commit(site.root, "no Secret")
        kubectl(site, f"delete -n {SYSTEM} secret/shown")
