"""What keeps data, order and access as they are in a running cluster, looked up in what is generated."""

import json
import re
from typing import Any

import pytest
import yaml

from catalogue.components import CATALOGUE
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.defaults import DRAIN_SECONDS
from constructs_lib.footprint import claims, steady
from constructs_lib.gitops.prefix import prefix
from constructs_lib.model import Component
from constructs_lib.quantity import in_bytes, millicores
from tests import platform_policies
from tests.repository import ROOT

PERMANENT = 78
"""EX_CONFIG of sysexits.h: what the scripts of the Jobs end with where no repetition helps."""
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
APPLICATIONS = sorted((ROOT / "argocd/minikube/apps").glob("*.yaml"))


def component(workload: Rendered) -> Component:
    """The entry that the workload is of."""
    return CATALOGUE.component(workload.manifest["metadata"]["labels"]["app"])


def one(rendered: Inputs, kind: str, name: str) -> dict[str, Any]:
    """The only object of that kind whose name begins so."""
    (manifest,) = [dict(each.manifest) for each in rendered.of(kind) if each.name.startswith(name)]
    return manifest


def test_pods(rendered: Inputs) -> None:
    """Time to end as in the catalogue, no variables of Services, and a system call filter for the whole pod."""
    for workload in rendered.workloads():
        spec = workload.pod
        assert spec["terminationGracePeriodSeconds"] == component(workload).grace_period, workload.where
        assert spec["enableServiceLinks"] is False, workload.where
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, workload.where
        assert spec["securityContext"]["fsGroup"] == component(workload).uid, workload.where


def test_services_drain(rendered: Inputs) -> None:
    """A stopping pod serves on until everybody knows of its end, and then has time left to end."""
    services = [workload for workload in rendered.of("Deployment") if component(workload).type == "microservice"]
    assert services
    for service in services:
        (container,) = service.containers
        assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", str(DRAIN_SECONDS)], service.where
        assert component(service).grace_period > DRAIN_SECONDS


def test_one_node_takes_all_replicas(rendered: Inputs) -> None:
    """Spread is a wish: a single node would leave the second replica Pending."""
    constraints = [c for w in rendered.workloads() for c in w.pod.get("topologySpreadConstraints", [])]
    assert constraints
    assert {constraint["whenUnsatisfiable"] for constraint in constraints} == {"ScheduleAnyway"}


def test_probes_are_the_catalogues(rendered: Inputs) -> None:
    """Period, timeout and failures of each probe."""
    for workload in rendered.of("Deployment", "StatefulSet"):
        probes = component(workload).probes
        if probes is None:
            continue
        for name in ("liveness", "readiness", "startup"):
            wanted, got = getattr(probes, name), workload.containers[0][f"{name}Probe"]
            times = (got["periodSeconds"], got["timeoutSeconds"], got["failureThreshold"])
            assert times == (wanted.period, wanted.timeout, wanted.failures), f"{workload.where} {name}"


def test_volumes_have_one_writer(rendered: Inputs) -> None:
    """A Deployment with a claim, and a server whose state is in memory, stops before the next one starts."""
    for workload in rendered.of("Deployment"):
        claimed = any("persistentVolumeClaim" in volume for volume in workload.volumes)
        if claimed or component(workload).type in ("jaeger", "locust-master"):
            assert workload.manifest["spec"]["strategy"] == {"type": "Recreate"}, workload.where
    for workload in rendered.of("StatefulSet"):
        assert workload.manifest["spec"]["podManagementPolicy"] == "Parallel", workload.where


def test_data_is_kept(rendered: Inputs) -> None:
    """Neither a prune nor the end of an Application deletes a namespace or a claim of the base."""
    kept = [*rendered.of("Namespace"), *rendered.of("PersistentVolumeClaim")]
    assert {object_.name for object_ in kept} >= {"chatdb-system", "minio-pvc"}
    for object_ in kept:
        options = object_.manifest["metadata"]["annotations"][SYNC_OPTIONS].split(",")
        assert {"Prune=false", "Delete=false"} <= set(options), object_.where


def test_jobs_wait_and_give_up(rendered: Inputs) -> None:
    """Evictions do not count, a permanent failure ends a Job, and only the tests end by the number of their tries."""
    for job in rendered.of("Job"):
        spec = job.manifest["spec"]
        permanent, evicted = spec["podFailurePolicy"]["rules"]
        assert (permanent["action"], permanent["onExitCodes"]["values"]) == ("FailJob", [PERMANENT]), job.where
        assert (evicted["action"], evicted["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
        tries = 2 if component(job).type == "integration-tests" else 1000
        assert spec["backoffLimit"] == tries, job.where


def test_quotas_hold_what_runs(rendered: Inputs) -> None:
    """Requests and limits of all pods at rest."""
    for quota in rendered.of("ResourceQuota"):
        hard = quota.manifest["spec"]["hard"]
        pods = [steady(each.manifest) for each in rendered.workloads() if each.namespace == quota.namespace]
        assert sum(pod.pods for pod in pods) <= int(hard["pods"]), quota.where
        assert sum(pod.cpu for pod in pods) <= millicores(hard["requests.cpu"]), quota.where
        assert sum(pod.memory_limit for pod in pods) <= in_bytes(hard["limits.memory"]), quota.where


def test_policies_select_pods(rendered: Inputs) -> None:
    """Each peer is some pods of a namespace, by the label that Kubernetes itself gives; doors are closed both ways."""
    for policy in rendered.of("NetworkPolicy"):
        spec = policy.manifest["spec"]
        if policy.name == "default-deny":
            assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        rules = [(rule, "to") for rule in spec.get("egress", [])] + [(rule, "from") for rule in spec.get("ingress", [])]
        for peer in (peer for rule, side in rules for peer in rule.get(side, [])):
            assert peer["podSelector"]["matchLabels"], policy.name
            assert peer["namespaceSelector"]["matchLabels"].keys() == {"kubernetes.io/metadata.name"}, policy.name


IPV4 = re.compile(r"\b\d+\.\d+\.\d+\.\d+\b")
IPV4_IS_ENOUGH = {
    ("ConfigMap", "jaeger-files", "0.0.0.0"): "Go listens on all addresses, those of IPv6 too",
    ("ConfigMap", "locust-scripts", "0.0.0.0"): "only where the kernel has no IPv6",
    ("StatefulSet", "postgres", "127.0.0.1"): "loopback of the pod, whatever the cluster's addresses are",
}


def test_nothing_assumes_ipv4(rendered: Inputs) -> None:
    """No object has an address of IPv4, but where it also does on a cluster without them."""
    addresses = {
        (one.kind, one.name, address) for one in rendered.rendered for address in IPV4.findall(json.dumps(one.manifest))
    }
    assert addresses == set(IPV4_IS_ENOUGH)


def test_dns_by_both_protocols(rendered: Inputs) -> None:
    """Long answers come by TCP."""
    name = platform_policies.dns_name(rendered.platform, rendered.settings)
    for policy in rendered.of("NetworkPolicy"):
        if policy.name == name:
            (rule,) = policy.manifest["spec"]["egress"]
            assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}


def test_accounts(rendered: Inputs) -> None:
    """Who talks to the Kubernetes API has an account of its own, whose token nothing else gets by accident."""
    users = {c.name for c in CATALOGUE.components if any(edge.to == "kubernetes-api" for edge in c.needs)}
    accounts = {component(workload).name: workload.pod.get("serviceAccountName") for workload in rendered.workloads()}
    assert accounts == {name: name if name in users else None for name in accounts}
    assert {account.name for account in rendered.of("ServiceAccount")} == users
    for account in rendered.of("ServiceAccount"):
        assert account.manifest["automountServiceAccountToken"] is False, account.name


def test_credentials_job_sees_its_own_secrets(rendered: Inputs) -> None:
    """By name, but for the creation, which has none; and the claim that guards a password is the database's."""
    made = list(claims(object_.manifest for object_ in rendered.rendered))
    rules = [r for role in rendered.of("Role") if role.name == "credentials" for r in role.manifest["rules"]]
    assert rules
    guards = set()
    for rule in rules:
        assert ("resourceNames" in rule) == (rule["verbs"] != ["create"])
        guards |= set(rule["resourceNames"]) if rule["resources"] == ["persistentvolumeclaims"] else set()
    assert guards == {"data-postgres-0"}
    assert any(claim.covers("chatdb-system", "data-postgres-0") for claim in made)


def test_services_have_roles_of_their_own(rendered: Inputs) -> None:
    """An address of the database has the role and the password of the one service that it is for."""
    plan = json.loads(one(rendered, "ConfigMap", "credentials-files")["data"]["plan.json"])["secrets"]
    derived = {secret["name"]: secret.get("derived", {}) for secret in plan}
    urls = {name: keys["DATABASE_URL"] for name, keys in derived.items() if "DATABASE_URL" in keys}
    roles = {owner.name: owner.role for owner in CATALOGUE.components if owner.schema}
    assert urls.keys() == {f"{name}-credentials" for name in roles}
    for name, role in roles.items():
        password = f"${{chatdb-system/postgres-schema-credentials/{role.upper()}_PASSWORD}}"
        assert urls[f"{name}-credentials"].startswith(f"postgresql://{role}:{password}@postgres.chatdb-system.")
    told = {config_map.name for config_map in rendered.of("ConfigMap") if "PGHOST" in config_map.manifest["data"]}
    assert told == {"postgres-schema-config"}


def test_broker(rendered: Inputs) -> None:
    """It is found by its Service before it is ready, and makes no topic by itself; dead letters are kept longer."""
    config = one(rendered, "ConfigMap", "kafka-config")["data"]
    assert config["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert config["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://kafka.chatdb-system.svc.cluster.local:9092"
    (service,) = [object_.manifest["spec"] for object_ in rendered.of("Service") if object_.name == "kafka"]
    assert (service["clusterIP"], service["publishNotReadyAddresses"]) == ("None", True)
    table = one(rendered, "ConfigMap", "kafka-topics-files")["data"]["topics.tsv"].splitlines()
    topics = {name: int(retention) for name, _, retention, _ in (line.split("\t") for line in table)}
    read = {topic for each in CATALOGUE.components for topic in each.consumes.values()}
    assert {name.removesuffix(".dlq") for name in topics if name.endswith(".dlq")} == read
    assert all(topics[f"{name}.dlq"] > topics[name] for name in read)


def test_chaos_is_a_dry_run(rendered: Inputs) -> None:
    """Nothing is killed until somebody says so."""
    (chaos,) = [deployment for deployment in rendered.of("Deployment") if deployment.name == "chaos"]
    assert [word for container in chaos.containers for word in container["args"] if "dry-run" in word] == []


@pytest.mark.parametrize("path", APPLICATIONS, ids=lambda path: path.stem)
def test_application(path: Any) -> None:
    """It deletes what it made, heals, applies on the server's side, tries for ever, and sees changes of traits."""
    manifest = yaml.safe_load(path.read_text())
    if manifest["kind"] == "ConfigMap":
        return
    assert manifest["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
    paths = manifest["metadata"]["annotations"]["argocd.argoproj.io/manifest-generate-paths"].split(";")
    wanted = (f"overlays/minikube/{path.stem}", f"dist/{path.stem}", "overlays/components")
    assert {f"/{prefix(ROOT)}{name}" for name in wanted} <= set(paths)
    assert_syncs(manifest["spec"]["syncPolicy"])


def test_root() -> None:
    """It has the children's folder alone: one that contained itself would wait for itself."""
    spec = yaml.safe_load((ROOT / "argocd/minikube/root.yaml").read_text())["spec"]
    assert spec["source"]["path"] == f"{prefix(ROOT)}argocd/minikube/apps"
    assert_syncs(spec["syncPolicy"])


def assert_syncs(policy: dict[str, Any]) -> None:
    """As every Application of the platform does."""
    assert policy["automated"] == {"prune": True, "selfHeal": True}
    assert (policy["retry"]["limit"], policy["retry"]["refresh"]) == (-1, True)
    assert policy["syncOptions"] == ["ServerSideApply=true"]
