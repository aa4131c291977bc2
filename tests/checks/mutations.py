"""What is done to the rendered platform for each rule to find: its name says what."""

import copy
from collections.abc import Callable
from typing import Any

from catalogue.tiers import Tier
from constructs_lib.checks.model import Rendered
from constructs_lib.footprint import quota
from tests import platform_policies

Manifest = dict[str, Any]
Mutation = Callable[[list[Rendered]], None]


def pick(rendered: list[Rendered], kind: str, name: str) -> Manifest:
    """The object of that kind whose name begins so."""
    picked: Any = next(r.manifest for r in rendered if r.kind == kind and r.name.startswith(name))
    manifest: Manifest = picked
    return manifest


def pod(rendered: list[Rendered], kind: str, name: str) -> Manifest:
    """The pod spec of a workload."""
    spec: Manifest = pick(rendered, kind, name)["spec"]["template"]["spec"]
    return spec


def first(rendered: list[Rendered], kind: str, name: str) -> Manifest:
    """The first container of a workload."""
    container: Manifest = pod(rendered, kind, name)["containers"][0]
    return container


def drop(rendered: list[Rendered], kind: str, name: str) -> None:
    """Take an object away."""
    rendered[:] = [r for r in rendered if not (r.kind == kind and r.name.startswith(name))]


def add(rendered: list[Rendered], tier: Tier, manifest: Manifest) -> None:
    """Put an object in."""
    rendered.append(Rendered(tier, manifest))


def unknown_field(rendered: list[Rendered]) -> None:
    pick(rendered, "Deployment", "query-parser")["spec"]["replica"] = 1


def time_that_is_none(objects: list[Rendered]) -> None:
    pick(objects, "Deployment", "grafana")["metadata"]["creationTimestamp"] = "yesterday"


def old_field_gone(rendered: list[Rendered]) -> None:
    """Valid for the newest Kubernetes only."""
    first(rendered, "Deployment", "query-parser")["lifecycle"] = {"preStop": {"sleep": {"seconds": 5}}}


def service_selects_nothing(rendered: list[Rendered]) -> None:
    pick(rendered, "Service", "grafana")["spec"]["selector"] = {"app": "graphana"}


def service_port_unknown(rendered: list[Rendered]) -> None:
    pick(rendered, "Service", "grafana")["spec"]["ports"][0]["targetPort"] = 3001


def backend_unknown(rendered: list[Rendered]) -> None:
    paths = pick(rendered, "Ingress", "chatdb-ingress")["spec"]["rules"][0]["http"]["paths"]
    paths[0]["backend"]["service"]["port"]["number"] = 8999


def config_map_unknown(rendered: list[Rendered]) -> None:
    first(rendered, "Deployment", "ml-engine")["envFrom"][0]["configMapRef"]["name"] = "ml-config"


def secret_key_unknown(rendered: list[Rendered]) -> None:
    first(rendered, "StatefulSet", "postgres")["env"][0]["valueFrom"]["secretKeyRef"]["key"] = "PASSWORD"


def host_unknown(rendered: list[Rendered]) -> None:
    data = pick(rendered, "ConfigMap", "ml-engine-config")["data"]
    data["KAFKA_BOOTSTRAP_SERVERS"] = "kafak.chatdb-system.svc.cluster.local:9092"


def claim_unknown(rendered: list[Rendered]) -> None:
    volumes = pod(rendered, "Deployment", "prometheus")["volumes"]
    next(v for v in volumes if v["name"] == "prometheus-storage")["persistentVolumeClaim"]["claimName"] = "history"


def volume_unknown(rendered: list[Rendered]) -> None:
    first(rendered, "Deployment", "grafana")["volumeMounts"][0]["name"] = "nothing"


def account_unknown(rendered: list[Rendered]) -> None:
    drop(rendered, "ServiceAccount", "chaos")


def privileged(rendered: list[Rendered]) -> None:
    first(rendered, "Deployment", "jaeger")["securityContext"]["privileged"] = True


def host_network(rendered: list[Rendered]) -> None:
    pod(rendered, "Deployment", "jaeger")["hostNetwork"] = True


def writable_root(rendered: list[Rendered]) -> None:
    first(rendered, "Deployment", "jaeger")["securityContext"]["readOnlyRootFilesystem"] = False


def token(rendered: list[Rendered]) -> None:
    pod(rendered, "Deployment", "jaeger")["automountServiceAccountToken"] = True


def no_limit(rendered: list[Rendered]) -> None:
    del first(rendered, "Deployment", "jaeger")["resources"]["limits"]["cpu"]


def limit_below_request(rendered: list[Rendered]) -> None:
    first(rendered, "Deployment", "jaeger")["resources"]["limits"]["memory"] = "127Mi"


def no_probe(rendered: list[Rendered]) -> None:
    del first(rendered, "Deployment", "jaeger")["readinessProbe"]


def latest(rendered: list[Rendered]) -> None:
    first(rendered, "Deployment", "jaeger")["image"] = "jaegertracing/jaeger:latest"


def no_tag(rendered: list[Rendered]) -> None:
    first(rendered, "Deployment", "jaeger")["image"] = "registry.example:5000/jaeger"


def secret_data(rendered: list[Rendered]) -> None:
    pick(rendered, "StatefulSet", "postgres")["spec"]["template"]["spec"]["containers"][0]["env"].append(
        {"name": "PGPASSWORD", "value": "postgres"}
    )


def secret_in_a_config_map(rendered: list[Rendered]) -> None:
    pick(rendered, "ConfigMap", "ml-engine-config")["data"]["API_TOKEN"] = "abc"


def password_in_an_address(rendered: list[Rendered]) -> None:
    pick(rendered, "ConfigMap", "ml-engine-config")["data"]["CACHE_URL"] = "redis://ml:hunter2@cache:6379/0"


def policy_missing(rendered: list[Rendered]) -> None:
    drop(rendered, "NetworkPolicy", platform_policies.name("Ingress", "ml-engine", "model-registry"))


def policy_too_wide(rendered: list[Rendered]) -> None:
    inward = pick(rendered, "NetworkPolicy", platform_policies.name("Ingress", "query-parser", "kafka"))
    inward["spec"]["ingress"][0]["from"][0]["podSelector"] = {}
    outward = pick(rendered, "NetworkPolicy", platform_policies.name("Egress", "test-service", "query-parser"))
    outward["spec"]["egress"].append({})


def default_deny_missing(rendered: list[Rendered]) -> None:
    rendered[:] = [r for r in rendered if r.name != "default-deny"]


def policy_for_strangers(rendered: list[Rendered]) -> None:
    """Everybody reaches the port of that name, of whichever pod has one."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": "postgres"}]}]}
    metadata = {"name": "open", "namespace": "chatdb-system"}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}
    add(rendered, Tier.FOUNDATION, policy)


def undrainable(rendered: list[Rendered]) -> None:
    pick(rendered, "PodDisruptionBudget", "query-parser")["spec"] = {
        "minAvailable": 1,
        "selector": {"matchLabels": {"app": "query-parser"}},
    }


def no_pods(rendered: list[Rendered]) -> None:
    """Scaled to nothing: whoever depends on it waits for ever."""
    pick(rendered, "StatefulSet", "postgres")["spec"]["replicas"] = 0


def no_workload(rendered: list[Rendered]) -> None:
    drop(rendered, "Deployment", "locust-worker")


def external_service(rendered: list[Rendered]) -> None:
    pick(rendered, "Service", "grafana")["spec"] = {"type": "ExternalName", "externalName": "grafana.example"}


def claim_of_nobody(rendered: list[Rendered]) -> None:
    claim = copy.deepcopy(pick(rendered, "PersistentVolumeClaim", "minio-pvc"))
    claim["metadata"]["name"] = "old"
    claim["spec"]["resources"]["requests"]["storage"] = "1Mi"
    add(rendered, Tier.FOUNDATION, claim)


def limit_above_the_quota(rendered: list[Rendered]) -> None:
    """The API server refuses the pod once it has been deleted."""
    first(rendered, "StatefulSet", "kafka")["resources"]["limits"]["cpu"] = "3"


def too_few_connections(rendered: list[Rendered]) -> None:
    """Enough for one service with a full pool, and not for two."""
    pick(rendered, "ConfigMap", "postgres-files")["data"]["postgresql.conf"] = "max_connections = 18\n"


def no_room_for_jobs(rendered: list[Rendered]) -> None:
    pick(rendered, "ResourceQuota", "quota")["spec"]["hard"]["pods"] = "1"


def quantity(text: str) -> Mutation:
    """A request that is written so."""

    def mutate(rendered: list[Rendered]) -> None:
        first(rendered, "Deployment", "query-parser")["resources"]["requests"]["memory"] = text

    mutate.__name__ = f"quantity_{text}"
    return mutate


def token_in_a_volume(rendered: list[Rendered]) -> None:
    source = {"serviceAccountToken": {"path": "token"}}
    pod(rendered, "Deployment", "jaeger").setdefault("volumes", []).append(
        {"name": "token", "projected": {"sources": [source]}}
    )


def projected_config_unknown(rendered: list[Rendered]) -> None:
    source = {"configMap": {"name": "jaeger-filez"}}
    pod(rendered, "Deployment", "jaeger").setdefault("volumes", []).append(
        {"name": "more", "projected": {"sources": [source]}}
    )


def probe_of_another_host(rendered: list[Rendered]) -> None:
    """The kubelet would connect to any address for whoever may write a pod."""
    first(rendered, "Deployment", "query-parser")["livenessProbe"]["httpGet"]["host"] = "169.254.169.254"


def role_unknown(rendered: list[Rendered]) -> None:
    pick(rendered, "RoleBinding", "credentials")["roleRef"]["name"] = "credentialz"


def named_backend_unknown(rendered: list[Rendered]) -> None:
    paths = pick(rendered, "Ingress", "chatdb-ingress")["spec"]["rules"][0]["http"]["paths"]
    paths[0]["backend"]["service"]["port"] = {"name": "htttp"}


def nobody_to_disrupt(rendered: list[Rendered]) -> None:
    pick(rendered, "PodDisruptionBudget", "query-parser")["spec"]["selector"] = {
        "matchExpressions": [{"key": "app", "operator": "In", "values": ["query-passer"]}]
    }


def job_with_ttl(rendered: list[Rendered]) -> None:
    pick(rendered, "Job", "kafka-topics")["spec"]["ttlSecondsAfterFinished"] = 60


def job_changed(rendered: list[Rendered]) -> None:
    first(rendered, "Job", "kafka-topics")["imagePullPolicy"] = "Always"


def job_config_changed(rendered: list[Rendered]) -> None:
    pick(rendered, "ConfigMap", "kafka-topics-files")["data"]["topics.tsv"] = "queries\t1\t1\t1\n"


def drift(rendered: list[Rendered]) -> None:
    del pick(rendered, "StatefulSet", "kafka")["spec"]["volumeClaimTemplates"][0]["spec"]["volumeMode"]


def hook(rendered: list[Rendered]) -> None:
    pick(rendered, "ConfigMap", "jaeger-files")["metadata"]["annotations"] = {"argocd.argoproj.io/hook": "PreSync"}


def kept_for_ever(rendered: list[Rendered]) -> None:
    del pick(rendered, "PersistentVolumeClaim", "minio-pvc")["metadata"]["annotations"][
        "argocd.argoproj.io/compare-options"
    ]


def twice(rendered: list[Rendered]) -> None:
    rendered.append(Rendered(Tier.TESTING, pick(rendered, "ConfigMap", "jaeger-files")))


def kind_not_allowed(rendered: list[Rendered]) -> None:
    metadata = {"name": "tool", "namespace": "chatdb-testing"}
    add(rendered, Tier.TESTING, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata})


def illegal_label(rendered: list[Rendered]) -> None:
    pick(rendered, "ConfigMap", "jaeger-files")["metadata"]["labels"]["note"] = "not legal"


def too_large(rendered: list[Rendered]) -> None:
    pick(rendered, "ConfigMap", "jaeger-files")["data"]["large.txt"] = "x" * 262_144


def too_much(rendered: list[Rendered]) -> None:
    """With quotas that follow, as `chatdb synth` writes them."""
    resources = first(rendered, "Deployment", "ml-engine")["resources"]
    resources["requests"]["cpu"] = resources["limits"]["cpu"] = "900m"
    for object_ in rendered:
        if object_.kind == "ResourceQuota":
            object_.manifest["spec"]["hard"] = quota((one.manifest for one in rendered), object_.namespace)


def disk_full(rendered: list[Rendered]) -> None:
    pick(rendered, "PersistentVolumeClaim", "minio-pvc")["spec"]["resources"]["requests"]["storage"] = "20Gi"


def bad_alert(rendered: list[Rendered]) -> None:
    data = pick(rendered, "ConfigMap", "prometheus-config")["data"]
    data["alerts.yml"] = data["alerts.yml"].replace("== 0", "= 0")


def bad_scrape(rendered: list[Rendered]) -> None:
    data = pick(rendered, "ConfigMap", "prometheus-config")["data"]
    data["prometheus.yml"] += "scrape_interval: 1s\n"


def bad_dashboard(rendered: list[Rendered]) -> None:
    pick(rendered, "ConfigMap", "grafana-dashboards")["data"]["services.json"] += ","


def missing_component(rendered: list[Rendered]) -> None:
    for kind in ("Service", "Deployment", "ConfigMap"):
        drop(rendered, kind, "jaeger")
    rendered[:] = [r for r in rendered if r.manifest["metadata"].get("labels", {}).get("app") != "jaeger"]


MUTATIONS: list[tuple[str, Mutation]] = [
    *(("schema", quantity(text)) for text in ("512MB", "-1", "1 Gi", "1e", "", "lots")),
    ("components", no_pods),
    ("components", no_workload),
    ("components", external_service),
    ("volumes", claim_of_nobody),
    ("quotas", limit_above_the_quota),
    ("quotas", no_room_for_jobs),
    ("connections", too_few_connections),
    ("tokens", token_in_a_volume),
    ("config", projected_config_unknown),
    ("pod-security", probe_of_another_host),
    ("accounts", role_unknown),
    ("backends", named_backend_unknown),
    ("schema", unknown_field),
    ("schema", time_that_is_none),
    ("schema", old_field_gone),
    ("components", missing_component),
    ("services", service_selects_nothing),
    ("services", service_port_unknown),
    ("backends", backend_unknown),
    ("config", config_map_unknown),
    ("config", secret_key_unknown),
    ("hosts", host_unknown),
    ("volumes", claim_unknown),
    ("volumes", volume_unknown),
    ("accounts", account_unknown),
    ("pod-security", privileged),
    ("pod-security", host_network),
    ("read-only-root", writable_root),
    ("tokens", token),
    ("resources", no_limit),
    ("resources", limit_below_request),
    ("probes", no_probe),
    ("images", latest),
    ("images", no_tag),
    ("secrets", secret_data),
    ("secrets", secret_in_a_config_map),
    ("secrets", password_in_an_address),
    ("reachability", policy_missing),
    ("reachability", policy_too_wide),
    ("reachability", policy_for_strangers),
    ("reachability", default_deny_missing),
    ("disruption", undrainable),
    ("disruption", nobody_to_disrupt),
    ("jobs", job_with_ttl),
    ("jobs", job_changed),
    ("jobs", job_config_changed),
    ("drift", drift),
    ("drift", hook),
    ("drift", kept_for_ever),
    ("drift", twice),
    ("project", kind_not_allowed),
    ("names", illegal_label),
    ("size", too_large),
    ("capacity", too_much),
    ("capacity", disk_full),
    ("files", bad_alert),
    ("files", bad_scrape),
    ("files", bad_dashboard),
]
