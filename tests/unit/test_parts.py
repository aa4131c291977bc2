"""Quantities, image references, footprints, routes and Job names."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.components import CATALOGUE
from constructs_lib.checks.model import Inputs
from constructs_lib.footprint import Footprint, claims, extra, quota, steady, surge
from constructs_lib.job_names import job_name
from constructs_lib.model import Image
from constructs_lib.quantity import MIB, cpu_text, in_bytes, memory_text, millicores
from constructs_lib.routes import rewritten


@pytest.mark.parametrize(("text", "number"), [("250m", 250), ("1", 1000), ("1.5", 1500), ("0", 0)])
def test_millicores(text: str, number: int) -> None:
    """CPU in thousandths."""
    assert millicores(text) == number


@pytest.mark.parametrize(("text", "number"), [("512Mi", 2**29), ("1Gi", 2**30), ("20G", 20 * 10**9), ("1024", 1024)])
def test_bytes(text: str, number: int) -> None:
    """Memory in bytes."""
    assert in_bytes(text) == number


@pytest.mark.parametrize("text", ["", "one", "5 Gi", "1e", "1GB"])
def test_no_quantity(text: str) -> None:
    """What is no quantity is refused with advice."""
    with pytest.raises(ValueError, match="write it like"):
        in_bytes(text)


@given(st.integers(0, 10**6))
def test_quantities_round_trip(number: int) -> None:
    """Nothing gets lost on the way to a quota."""
    assert millicores(cpu_text(number)) == number
    assert in_bytes(memory_text(number * 2**20)) == number * 2**20


@given(st.integers(1, 10**9))
def test_memory_is_rounded_up(number: int) -> None:
    """A quota holds at least what is asked for, and less than 1 MiB more."""
    assert 0 <= in_bytes(memory_text(number)) - number < MIB


def test_image_reference_has_its_digest() -> None:
    """A digest decides what is pulled, whatever the tag is moved to."""
    digest = f"sha256:{'0' * 64}"
    image = Image(repository="prom/prometheus", tag="v3")
    assert image.reference == "prom/prometheus:v3"
    assert replace(image, digest=digest).reference == f"prom/prometheus:v3@{digest}"


def workload(kind: str, **spec: object) -> dict[str, object]:
    """A workload whose pod asks for 100m and 1Mi."""
    resources = {"requests": {"cpu": "100m", "memory": "1Mi"}, "limits": {"cpu": "200m", "memory": "2Mi"}}
    template = {"spec": {"containers": [{"name": "c", "resources": resources}]}}
    version = "batch/v1" if kind == "Job" else "apps/v1"
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "w", "namespace": "n"},
        "spec": {"template": template, **spec},
    }


@pytest.mark.parametrize(
    ("spec", "pods"),
    [
        ({"replicas": 2}, 1),
        ({"replicas": 5}, 2),
        ({"replicas": 2, "strategy": {"type": "Recreate"}}, 0),
        ({"replicas": 2, "strategy": {"rollingUpdate": {"maxSurge": 0}}}, 0),
        ({"replicas": 4, "strategy": {"rollingUpdate": {"maxSurge": "50%"}}}, 2),
    ],
)
def test_surge(spec: dict[str, object], pods: int) -> None:
    """Kubernetes rounds a surge up, and defaults to a quarter."""
    assert surge(workload("Deployment", **spec)) == pods


def test_peak_has_jobs_and_surge() -> None:
    """A quota holds a rollout and all Jobs at once, and a pod of each workload that is still terminating."""
    elsewhere = workload("Job") | {"metadata": {"name": "w", "namespace": "other"}}
    objects = [workload("Deployment", replicas=2), workload("Job"), workload("StatefulSet")]
    assert [steady(m).pods for m in objects] == [2, 0, 1]
    assert [extra(m).pods for m in objects] == [1, 1, 0]
    assert quota([*objects, elsewhere], "n") == {
        "requests.cpu": "700m",
        "requests.memory": "7Mi",
        "limits.cpu": "1400m",
        "limits.memory": "14Mi",
        "pods": "7",
    }
    assert sum((steady(m) for m in objects), Footprint()).cpu == 300


def test_pod_as_the_scheduler_counts() -> None:
    """Init containers come first, sidecars run beside both; a limit is a request, too; overhead comes on top."""

    def container(cpu: str, **more: str) -> dict[str, object]:
        return {"resources": {"limits": {"cpu": cpu}}, **more}

    def cpu(**spec: object) -> int:
        template = {"spec": {"containers": [container("100m"), container("50m")], **spec}}
        return steady(workload("Deployment", template=template)).cpu

    sidecar = container("30m", restartPolicy="Always")
    assert cpu() == 150
    assert cpu(initContainers=[container("100m")]) == 150
    assert cpu(initContainers=[container("400m"), container("200m")]) == 400
    assert cpu(initContainers=[sidecar]) == 180
    assert cpu(initContainers=[sidecar, container("400m")]) == 430
    assert cpu(initContainers=[container("400m"), sidecar]) == 400
    assert cpu(overhead={"cpu": "7m"}) == 157
    assert cpu(resources={"requests": {"cpu": "500m"}}) == 500


def test_autoscaler_at_its_most() -> None:
    """A quota holds all the replicas that an autoscaler may ask for."""
    target = {"kind": "Deployment", "name": "w"}
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "s", "namespace": "n"},
        "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 8},
    }
    # Eight at rest, a quarter of them as surge, and one that is terminating.
    assert quota([workload("Deployment"), scaler], "n")["pods"] == "11"


def test_each_replica_has_its_claims() -> None:
    """The names that a StatefulSet's controller gives, and the size of each."""
    spec = {"resources": {"requests": {"storage": "1Gi"}}}
    template = {"metadata": {"name": "data"}, "spec": spec}
    single = {"kind": "PersistentVolumeClaim", "metadata": {"name": "c", "namespace": "n"}, "spec": spec}
    listed = list(claims([workload("StatefulSet", replicas=2, volumeClaimTemplates=[template]), single]))
    assert [claim.total for claim in listed] == [2**31, 2**30]
    names = ("data-w-0", "data-w-1", "data-w-2", "data-w", "c")
    assert [any(claim.covers("n", name) for claim in listed) for name in names] == [True, True, False, False, True]


@pytest.mark.parametrize(
    ("component", "path", "reaches"),
    [
        ("training-orchestrator", "/api/v1/jobs", "/jobs"),
        ("training-orchestrator", "/api/v1/jobs/7/cancel", "/jobs/7/cancel"),
        ("training-orchestrator", "/api/v1/jobsx", None),
        ("training-orchestrator", "/api/v1/docs/training-orchestrator/", "/docs/training-orchestrator/"),
        ("training-orchestrator", "/api/v1/docs/training-orchestratorx", None),
        ("query-parser", "/api/v1/parse", "/parse"),
        ("model-registry", "/api/v1/models/a/versions/1", "/models/a/versions/1"),
        ("ml-engine", "/api/v1/ml/predict", "/ml/predict"),
        ("test-service", "/test", "/"),
        ("test-service", "/test/", "/"),
        ("test-service", "/test/ask", "/ask"),
        ("test-service", "/test/runs/1", "/runs/1"),
        ("test-service", "/testing", None),
        ("test-service", "/test/runsx", None),
        ("test-service", "/test/metrics", None),
    ],
)
def test_ingress_rewrite(component: str, path: str, reaches: str | None) -> None:
    """The controller's regular expression and rewrite, applied as nginx does: anchored at the beginning."""
    assert rewritten(CATALOGUE.component(component), path) == reaches


def test_disk_is_limited_to_logs_and_scratch_volumes(rendered: Inputs) -> None:
    """A container may write what its pod's volumes hold, and be as loud as the kubelet allows."""
    for workload in rendered.workloads():
        volumes = workload.volumes
        scratch = sum(in_bytes(volume["emptyDir"]["sizeLimit"]) for volume in volumes if "emptyDir" in volume)
        for container in workload.containers:
            resources = container["resources"]
            assert in_bytes(resources["requests"]["ephemeral-storage"]) == 10 * MIB, workload.where
            assert in_bytes(resources["limits"]["ephemeral-storage"]) == 50 * MIB + scratch, workload.where


def test_readiness_is_not_liveness(rendered: Inputs) -> None:
    """What is overloaded gets no traffic before it is restarted; Kafka can be asked one thing only."""
    for workload in rendered.of("Deployment", "StatefulSet"):
        for container in workload.containers:
            live, ready = (container.get(name, {}) for name in ("livenessProbe", "readinessProbe"))
            handlers = [{key: probe.get(key) for key in ("exec", "httpGet", "tcpSocket")} for probe in (live, ready)]
            if workload.name == "kafka":
                patience = [probe["periodSeconds"] * probe["failureThreshold"] for probe in (live, ready)]
                assert patience[0] >= 2 * patience[1]
            elif live:
                assert handlers[0] != handlers[1], workload.where


def test_job_name_follows_content() -> None:
    """Template and data decide; the order of keys and of ConfigMaps does not."""
    name = job_name("setup", {"a": 1, "b": 2}, [{"x": "1"}, {"y": "2"}])
    assert name == job_name("setup", {"b": 2, "a": 1}, [{"y": "2"}, {"x": "1"}])
    assert name != job_name("setup", {"a": 1, "b": 3}, [{"x": "1"}, {"y": "2"}])
    assert name != job_name("setup", {"a": 1, "b": 2}, [{"x": "1"}, {"y": "3"}])
    assert name.startswith("setup-")
