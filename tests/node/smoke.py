"""What is looked at on a node that the platform is deployed on; problems are lines that name the component."""

import http.client
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from catalogue.components import CATALOGUE, HOST
from catalogue.namespaces import Namespace
from chatdb.deploy.argo_cd import state
from chatdb.deploy.objects import component_of, progress, ready
from chatdb.deploy.reasons.applications import is_fine
from chatdb.local.processes import wait_for
from constructs_lib.checks.render import inputs
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import read_settings
from tests.e2e.api import Manifest
from tests.e2e.argo_cd import NAMESPACE as ARGO_CD
from tests.node import traffic
from tests.node.deployed import Deployed
from tests.node.place import Place
from tests.node.traffic import Ways, container_id, first_processes
from tests.repository import PLATFORM, manifests

RECOVERING = 120
"""Seconds after which a killed container serves again, and all that depend on it; a third of it is seen."""
ANSWERING = 30
LEFT = ("Namespace", "PersistentVolume")
JSON = {"Content-Type": "application/json"}
EXPLAINED = {
    # A claim gets its volume within a second, and the scheduler learns of the claim and of the volume one by one.
    "FailedScheduling": r"unbound immediate PersistentVolumeClaims|persistentvolume \"pvc-[-0-9a-f]+\" not found",
    # Probes ask before a server listens.
    "Unhealthy": r"^(Startup|Readiness) probe failed",
    # A kubelet does not like cgroups of version 1.
    "CgroupV1": r"",
    # Argo CD's controller is started before its redis has made the Secret; and the kubelet's cache, below.
    "Failed": r'secret "argocd-redis" not found|failed to sync \w+ cache',
    # The kubelet waits a second for its watch of a ConfigMap that was made a moment ago, and then tries again. The API
    # server's own view of pods, by which a node may read what is its, can be a moment late (kubernetes issue 113429).
    "FailedMount": r"failed to sync \w+ cache|no relationship found between node",
    # The API server looks at all addresses from time to time, and may meet a Service that is being made.
    "ClusterIPNotAllocated": r"repairing$",
}
"""Reasons of Warning events that a first start may have, and their messages."""


def applications(deployed: Deployed) -> list[str]:
    """Those that are not Synced and Healthy."""
    every = deployed.applications()
    assert len(every) == len(deployed.tiers) + 1
    return [f"{one['metadata']['name']}: {state(one)}" for one in every if not is_fine(one)]


def restarts(deployed: Deployed) -> list[str]:
    """Containers that were started more than once."""
    return [
        f"{pod['metadata']['namespace']}/{pod['metadata']['name']}: {one['name']} was started"
        f" {one['restartCount'] + 1} times, last ended by {json.dumps(one.get('lastState'))}"
        for pod in deployed.pods()
        for one in pod["status"].get("containerStatuses", [])
        if one["restartCount"]
    ]


def warnings(deployed: Deployed) -> list[str]:
    """Warning events that nothing explains."""
    lines = []
    for event in deployed.api.list("v1", "Event"):
        pattern = EXPLAINED.get(event["reason"], "(?!)")
        if event["type"] == "Warning" and not re.search(pattern, event.get("message", "")):
            involved = event["involvedObject"]
            lines.append(f"{involved['kind']} {involved['name']}: {event['reason']}: {event.get('message')}")
    return lines


def job_log(deployed: Deployed, component: str) -> str:
    """What the pods of a Job print."""
    paths = (deployed.api.of(pod) for pod in pods_of(deployed, component))
    return "\n".join(str(deployed.api.request("GET", f"{path}/log")) for path in paths)


def ways(deployed: Deployed) -> Ways:
    """Every connection that is tried on the node, and what is said of it."""
    root = deployed.origin.work
    every = inputs(root, PLATFORM, read_settings(root, CATALOGUE, "minikube"))
    return traffic.ways(deployed.place, every, deployed.outside)


def request(
    place: Place, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, str, bytes]:
    """Status, type and content that the ingress controller answers with."""
    connection = http.client.HTTPConnection(*place.web, timeout=ANSWERING)
    try:
        connection.request(method, path, body or None, {"Host": HOST, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read()
    finally:
        connection.close()


def answered(place: Place, path: str) -> bool:
    """Whether a service answers, be it that there is no such thing: in JSON, which a controller never does."""
    status, kind, _ = request(place, "GET", path)
    return status < http.client.BAD_REQUEST or kind.startswith(("application/json", "application/problem+json"))


def put_artifact(deployed: Deployed, size: int) -> int:
    """The status of an upload through the ingress controller."""
    models = "/api/v1/models"
    name = f"smoke-{size}"
    _post(deployed, models, {"name": name})
    version = _post(deployed, f"{models}/{name}/versions", {"format": "onnx"})["version"]
    headers = {"Content-Type": "application/octet-stream"}
    return request(deployed.place, "PUT", f"{models}/{name}/versions/{version}/artifact", b"\0" * size, headers)[0]


def _post(deployed: Deployed, path: str, body: Mapping[str, object]) -> dict[str, Any]:
    content = json.dumps(body).encode()
    status, _, answer = request(deployed.place, "POST", path, content, JSON)
    assert status == http.client.CREATED, answer
    return dict(json.loads(answer))


def running_components() -> list[str]:
    """Those whose pods run on."""
    return sorted({component_of(one) for one in manifests() if one["kind"] in ("Deployment", "StatefulSet")})


def one_of_each_type(platform: ResolvedPlatform) -> list[str]:
    """A component of each type whose pods run on."""
    running = running_components()
    return sorted({one.type: one.name for one in platform.components if one.name in running}.values())


def kill(deployed: Deployed, components: Collection[str]) -> None:
    """SIGKILL to the first process of a container of each, and wait until the kubelet has seen it."""
    pods = {one["metadata"]["labels"].get("app"): one for one in deployed.pods()}
    killed = {container_id(pods[component]) for component in components}
    deployed.place.run('kill -KILL "$@"', *first_processes(deployed.place, killed).values())

    def seen() -> bool:
        return not killed & {container_id(pod) for pod in deployed.pods() if "containerStatuses" in pod["status"]}

    wait_for(f"{', '.join(components)} are started again", RECOVERING, seen)


def pods_of(deployed: Deployed, component: str) -> list[Manifest]:
    """The pods of a component."""
    return [one for one in deployed.pods() if one["metadata"]["labels"].get("app") == component]


def wait_whole(deployed: Deployed) -> None:
    """Wait until every workload of the platform is ready; TimeoutError names those that are not."""
    try:
        wait_for("all is ready", RECOVERING, lambda: not any(waiting(deployed)))
    except TimeoutError as error:
        raise TimeoutError("\n".join([str(error), *waiting(deployed)])) from None


def waiting(deployed: Deployed) -> Iterator[str]:
    """Workloads that are not ready."""
    for api_version, kind in (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("batch/v1", "Job")):
        for one in deployed.api.list(api_version, kind):
            if one["metadata"]["namespace"] in {*Namespace} and not ready(one):
                yield f"{component_of(one)}: {progress(one)}"


def left(deployed: Deployed) -> list[str]:
    """Namespaces and volumes that a clean-up should have taken away."""
    spaces, volumes = ([one["metadata"]["name"] for one in deployed.api.list("v1", kind)] for kind in LEFT)
    return [*({*Namespace, ARGO_CD}.intersection(spaces)), *volumes]
