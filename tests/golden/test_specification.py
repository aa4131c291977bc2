"""Every fact of the specification that no correction changes, looked up in dist/."""

import re
from typing import Any

import pytest
import yaml

from tests.repository import PLATFORM, manifests

SERVICES = "chatdb-services"
SYSTEM = "chatdb-system"
TESTING = "chatdb-testing"
MONITORING = "chatdb-monitoring"
OBJECTS = {(m["kind"], m["metadata"].get("namespace", ""), m["metadata"]["name"]): m for m in manifests()}

# name: component label, port, replicas, requests, limits, liveness (path, delay, period), readiness (delay, period)
MICROSERVICES = {
    "query-parser": ("nlp", 8002, 2, ("512Mi", "250m"), ("1Gi", "500m"), ("/health", 30, 10), (10, 5)),
    "ml-engine": ("ml", 8003, 1, ("1Gi", "500m"), ("2Gi", "1000m"), ("/health", 45, 15), (15, 10)),
    "model-registry": ("storage", 8004, 2, ("256Mi", "250m"), ("512Mi", "500m"), ("/health", 30, 10), (10, 5)),
    "test-service": ("testing", 8001, 1, ("128Mi", "100m"), ("256Mi", "200m"), ("/", 15, 10), (5, 5)),
}
SETTINGS = {
    "query-parser": {
        "KAFKA_BOOTSTRAP_SERVERS": "kafka.chatdb-system.svc.cluster.local:9092",
        "QUERY_TOPIC": "queries",
        "RESULT_TOPIC": "query_results",
    },
    "ml-engine": {
        "KAFKA_BOOTSTRAP_SERVERS": "kafka.chatdb-system.svc.cluster.local:9092",
        "MODEL_REGISTRY_URL": "http://model-registry.chatdb-services.svc.cluster.local:8004",
        "TRAINING_TOPIC": "training_jobs",
        "PREDICTION_TOPIC": "predictions",
    },
    "model-registry": {
        "S3_ENDPOINT": "http://minio.chatdb-system.svc.cluster.local:9000",
        "S3_BUCKET": "model-artifacts",
    },
}


def container(kind: str, namespace: str, name: str) -> dict[str, Any]:
    """The only container of a workload."""
    only: dict[str, Any]
    (only,) = OBJECTS[kind, namespace, name]["spec"]["template"]["spec"]["containers"]
    return only


@pytest.mark.parametrize("name", MICROSERVICES)
def test_microservice(name: str) -> None:
    """Labels, port, replicas, resources and probes of a service."""
    label, port, replicas, requests, limits, live, ready = MICROSERVICES[name]
    deployment = OBJECTS["Deployment", SERVICES, name]
    container_ = container("Deployment", SERVICES, name)
    template = deployment["spec"]["template"]
    assert {"app": name, "component": label}.items() <= deployment["metadata"]["labels"].items()
    assert {"app": name, "version": "v1"}.items() <= template["metadata"]["labels"].items()
    assert deployment["spec"]["selector"] == {"matchLabels": {"app": name}}
    assert deployment["spec"]["replicas"] == replicas
    assert container_["image"].startswith(f"chatdb/{name}:")
    assert container_["imagePullPolicy"] == "IfNotPresent"
    assert container_["ports"] == [{"containerPort": port, "name": "http"}]
    assert {"memory": requests[0], "cpu": requests[1]}.items() <= container_["resources"]["requests"].items()
    assert {"memory": limits[0], "cpu": limits[1]}.items() <= container_["resources"]["limits"].items()
    probe = container_["livenessProbe"]
    assert (probe["httpGet"]["path"], probe["initialDelaySeconds"], probe["periodSeconds"]) == live
    assert probe["httpGet"]["port"] == container_["readinessProbe"]["httpGet"]["port"] == port
    assert (container_["readinessProbe"]["initialDelaySeconds"], container_["readinessProbe"]["periodSeconds"]) == ready


@pytest.mark.parametrize("name", MICROSERVICES)
def test_service_of_a_microservice(name: str) -> None:
    """A ClusterIP Service with the named port."""
    service = OBJECTS["Service", SERVICES, name]
    port = MICROSERVICES[name][1]
    assert service["spec"]["type"] == "ClusterIP"
    assert service["spec"]["selector"] == {"app": name}
    assert service["spec"]["ports"] == [{"port": port, "targetPort": port, "protocol": "TCP", "name": "http"}]
    assert service["metadata"]["labels"]["app"] == name


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(name: str) -> None:
    """The keys of the ConfigMaps; keys and passwords have moved to Secrets."""
    data = OBJECTS["ConfigMap", SERVICES, f"{name}-config"]["data"]
    assert SETTINGS[name].items() <= data.items()
    reference = {"configMapRef": {"name": f"{name}-config"}}
    assert reference in container("Deployment", SERVICES, name)["envFrom"]


def test_secret_keys_of_the_model_registry() -> None:
    """The specification's keys, from a Secret."""
    variables = container("Deployment", SERVICES, "model-registry")["env"]
    assert {v["name"]: v["valueFrom"]["secretKeyRef"] for v in variables} == {
        key: {"name": "model-registry-credentials", "key": key}
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL")
    }


def test_training_orchestrator() -> None:
    """The service that the specification names without a manifest."""
    container_ = container("Deployment", SERVICES, "training-orchestrator")
    assert container_["ports"] == [{"containerPort": 8000, "name": "http"}]
    assert (
        OBJECTS["Deployment", SERVICES, "training-orchestrator"]["metadata"]["labels"]["component"] == "orchestration"
    )


def test_minio() -> None:
    """Claim, arguments, ports, resources and mount of the object store."""
    claim = OBJECTS["PersistentVolumeClaim", SYSTEM, "minio-pvc"]["spec"]
    assert (claim["accessModes"], claim["resources"]["requests"]) == (["ReadWriteOnce"], {"storage": "20Gi"})
    container_ = container("Deployment", SYSTEM, "minio")
    assert container_["args"] == ["server", "/data", "--console-address", ":9001"]
    assert container_["ports"] == [{"containerPort": 9000, "name": "api"}, {"containerPort": 9001, "name": "console"}]
    assert {"memory": "256Mi", "cpu": "250m"}.items() <= container_["resources"]["requests"].items()
    assert {"memory": "512Mi", "cpu": "500m"}.items() <= container_["resources"]["limits"].items()
    assert {"name": "minio-storage", "mountPath": "/data"} in container_["volumeMounts"]
    volumes = OBJECTS["Deployment", SYSTEM, "minio"]["spec"]["template"]["spec"]["volumes"]
    assert {"name": "minio-storage", "persistentVolumeClaim": {"claimName": "minio-pvc"}} in volumes
    ports = {port["name"]: port["port"] for port in OBJECTS["Service", SYSTEM, "minio"]["spec"]["ports"]}
    assert ports == {"api": 9000, "console": 9001}


def test_prometheus() -> None:
    """Arguments, mounts, resources and both scrape jobs."""
    container_ = container("Deployment", MONITORING, "prometheus")
    for argument in (
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus/data",
        "--web.console.libraries=/etc/prometheus/console_libraries",
        "--web.console.templates=/etc/prometheus/consoles",
        "--web.enable-lifecycle",
    ):
        assert argument in container_["args"]
    assert container_["ports"] == [{"containerPort": 9090, "name": "prometheus"}]
    assert {"memory": "512Mi", "cpu": "250m"}.items() <= container_["resources"]["requests"].items()
    assert {"memory": "1Gi", "cpu": "500m"}.items() <= container_["resources"]["limits"].items()
    mounts = {mount["name"]: mount["mountPath"] for mount in container_["volumeMounts"]}
    assert mounts == {"prometheus-config": "/etc/prometheus", "prometheus-storage": "/prometheus/data"}


def test_scrape_jobs() -> None:
    """Interval, namespaces, relabelling and targets."""
    config = yaml.safe_load(OBJECTS["ConfigMap", MONITORING, "prometheus-config"]["data"]["prometheus.yml"])
    pods, services = config["scrape_configs"]
    assert config["global"]["scrape_interval"] == "15s"
    assert pods["job_name"] == "kubernetes-pods"
    (discovery,) = pods["kubernetes_sd_configs"]
    assert discovery == {"role": "pod", "namespaces": {"names": [SERVICES, SYSTEM]}}
    keep, path, port = pods["relabel_configs"][:3]
    assert (keep["action"], keep["source_labels"]) == (
        "keep",
        ["__meta_kubernetes_pod_annotation_prometheus_io_scrape"],
    )
    assert (path["target_label"], path["regex"]) == ("__metrics_path__", "(.+)")
    assert (port["target_label"], port["replacement"]) == ("__address__", "$1:$2")
    assert services["job_name"] == "chatdb-services"
    assert set(services["static_configs"][0]["targets"]) >= {
        "training-orchestrator.chatdb-services:8000",
        "query-parser.chatdb-services:8002",
        "ml-engine.chatdb-services:8003",
        "model-registry.chatdb-services:8004",
        "test-service.chatdb-services:8001",
    }


def test_locust() -> None:
    """Command, environment, mounts, ports and requests of the master; the tasks and their weights."""
    container_ = container("Deployment", TESTING, "locust-master")
    # The specification's --web-host=0.0.0.0 leaves out IPv6; without it, Locust listens on all addresses.
    assert container_["command"][:2] == ["locust", "--master"]
    assert not any(word.startswith("--web-host") for word in container_["command"])
    assert {"name": "locust-scripts", "mountPath": "/mnt/locust", "readOnly": True} in container_["volumeMounts"]
    assert container_["ports"] == [{"containerPort": 8089, "name": "web"}, {"containerPort": 5557, "name": "master"}]
    assert {"memory": "256Mi", "cpu": "250m"}.items() <= container_["resources"]["requests"].items()
    settings = OBJECTS["ConfigMap", TESTING, "locust-master-config"]["data"]
    assert settings["LOCUST_LOCUSTFILE"] == "/mnt/locust/locustfile.py"
    script = OBJECTS["ConfigMap", TESTING, "locust-scripts"]["data"]["locustfile.py"]
    weights = {name: int(weight) for weight, name in re.findall(r"@task\((\d+)\)\s+def (\w+)", script)}
    # Questions are ours: the specification has no task for them.
    assert weights == {"submit_training_job": 3, "check_health": 1, "parse_question": 1}
    for text in (
        "wait_time = between(1, 3)",
        '"model_name": "load-test-model"',
        '"dataset_location": "s3://test/load-data.csv"',
        '"cpu_request": 1',
        'self.client.get("/test/")',
    ):
        assert text in script


def test_integration_tests() -> None:
    """A Job in the testing namespace with the specification's requests."""
    (job,) = [m for (kind, space, _), m in OBJECTS.items() if (kind, space) == ("Job", TESTING)]
    (container_,) = job["spec"]["template"]["spec"]["containers"]
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    assert {"memory": "256Mi", "cpu": "250m"}.items() <= container_["resources"]["requests"].items()


@pytest.mark.parametrize("namespace", [SYSTEM, SERVICES, MONITORING, TESTING])
def test_namespace(namespace: str) -> None:
    """The label that the specification puts on its namespaces."""
    assert OBJECTS["Namespace", "", namespace]["metadata"]["labels"]["name"] == namespace


def test_ingress() -> None:
    """Host, class and backends; the paths are corrected."""
    ingresses = [OBJECTS["Ingress", SERVICES, name] for name in ("chatdb-ingress", "chatdb-ingress-test")]
    backends = {}
    for ingress in ingresses:
        assert ingress["spec"]["ingressClassName"] == "nginx"
        assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/ssl-redirect"] == "false"
        (rule,) = ingress["spec"]["rules"]
        assert rule["host"] == "chatdb.local"
        for path in rule["http"]["paths"]:
            service = path["backend"]["service"]
            backends[service["name"]] = service["port"]["number"]
    assert (
        backends.items()
        >= {
            "training-orchestrator": 8000,
            "query-parser": 8002,
            "model-registry": 8004,
            "ml-engine": 8003,
            "test-service": 8001,
        }.items()
    )


@pytest.mark.parametrize(("kind", "name", "port"), [("StatefulSet", "postgres", 5432), ("StatefulSet", "kafka", 9092)])
def test_foundation(kind: str, name: str, port: int) -> None:
    """Kinds, ports and labels that the specification's scripts rely on."""
    assert container(kind, SYSTEM, name)["ports"] == [{"containerPort": port, "name": name}]
    assert OBJECTS[kind, SYSTEM, name]["spec"]["template"]["metadata"]["labels"]["app"] == name


def test_database_name() -> None:
    """The database of the specification's DATABASE_URL."""
    assert OBJECTS["ConfigMap", SYSTEM, "postgres-config"]["data"]["POSTGRES_DB"] == "training_db"


@pytest.mark.parametrize(
    ("namespace", "name", "ports"),
    [(MONITORING, "prometheus", {9090}), (TESTING, "locust-master", {8089, 5557}), (SYSTEM, "kafka", {9092})],
)
def test_ports_of_services(namespace: str, name: str, ports: set[int]) -> None:
    """ClusterIP Services that select their component."""
    spec = OBJECTS["Service", namespace, name]["spec"]
    assert (spec["type"], spec["selector"]) == ("ClusterIP", {"app": name})
    assert {port["port"] for port in spec["ports"]} == {port["targetPort"] for port in spec["ports"]} == ports


LEVELS = (
    {"postgres", "kafka"},
    {"kafka-topics", "postgres-schema"},
    {"training-orchestrator", "model-registry"},
    {"query-parser", "ml-engine"},
    {"test-service", "prometheus", "grafana", "jaeger"},
)
DEPENDS = {
    "training-orchestrator": {"postgres", "kafka"},
    "model-registry": {"postgres"},
    "query-parser": {"kafka"},
    "ml-engine": {"kafka", "model-registry"},
}


def test_levels() -> None:
    """The specification's levels are waves, one after the other."""
    waves = [{PLATFORM.component(name).wave for name in names} for names in LEVELS]
    assert waves == [{1}, {2}, {3}, {4}, {5}]


@pytest.mark.parametrize("name", DEPENDS)
def test_dependencies(name: str) -> None:
    """What the specification says that a service depends on, it waits for."""
    assert DEPENDS[name] <= set(PLATFORM.component(name).after)


@pytest.mark.parametrize(
    ("namespace", "names"),
    [
        (SYSTEM, {"postgres", "kafka"}),
        (SERVICES, {"training-orchestrator", "query-parser", "ml-engine", "model-registry", "test-service"}),
        (MONITORING, {"prometheus", "grafana", "jaeger"}),
        (TESTING, {"integration-tests", "locust-master", "chaos"}),
    ],
)
def test_namespace_strategy(namespace: str, names: set[str]) -> None:
    """Every component is where the specification puts it."""
    assert names <= {component.name for component in PLATFORM.components if component.namespace == namespace}
