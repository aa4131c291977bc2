"""Whether the platform is well: the cluster, its namespaces, each tier, and every port that is served."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from chatdb.deploy.endpoints import Endpoint, endpoints
from chatdb.deploy.kubectl import Kubectl, KubectlError
from chatdb.deploy.objects import Manifest, component_of, condition, key, progress, ready
from chatdb.deploy.plan import Plan, Step, plan
from chatdb.deploy.reasons import reasons
from chatdb.deploy.snapshot import Snapshot, kinds_of, look
from chatdb.deploy.target import connect
from constructs_lib.problem import InvalidInput
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings

ANSWER_SECONDS = 10
AT_ONCE = 4
DEPLOY = "run `chatdb deploy`"
REFUSED = "connection refused"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `next` says what to look at where it is not well."""

    level: str
    name: str
    ok: bool
    found: str
    next: str = ""


def checks(root: Path, platform: ResolvedPlatform, settings: Settings, context: str | None) -> Iterator[Check]:
    """Everything, from the cluster up; nothing above a cluster that does not answer."""
    planned = plan(root, platform, settings)
    try:
        kubectl = connect(context)
        version = kubectl.items("version")[0]["serverVersion"]["gitVersion"]
        yield Check("cluster", str(kubectl.context), ok=True, found=f"Kubernetes {version} answers")
        yield from _nodes(kubectl)
        yield from _namespaces(kubectl, platform)
        seen = look(kubectl, kinds=kinds_of(manifest for wave in planned for step in wave for manifest in step.waited))
    except InvalidInput as error:
        (problem,) = error.problems
        yield Check("cluster", context or "current context", ok=False, found=problem.what, next=problem.fix)
        return
    for wave in planned:
        yield from (_tier(step, seen) for step in wave)
    yield from _answers(kubectl, planned)


def _nodes(kubectl: Kubectl) -> Iterator[Check]:
    for node in kubectl.items("get", "nodes"):
        name, fine = node["metadata"]["name"], condition(node, "Ready") is not None
        fix = "" if fine else f"`kubectl describe node {name}`; on minikube: `chatdb cluster up`"
        yield Check("node", name, fine, "Ready" if fine else "not Ready", fix)


def _namespaces(kubectl: Kubectl, platform: ResolvedPlatform) -> Iterator[Check]:
    phases = {one["metadata"]["name"]: one["status"]["phase"] for one in kubectl.items("get", "namespaces")}
    for name in platform.namespaces.names:
        phase = phases.get(name, "missing")
        yield Check("namespace", name, phase == "Active", phase, "" if phase == "Active" else DEPLOY)


def _tier(step: Step, seen: Snapshot) -> Check:
    """The first workload that is not ready speaks for its tier."""
    there = [seen.objects.get(key(wanted)) for wanted in step.waited]
    fine = sum(workload is not None and ready(workload) for workload in there)
    count = f"{fine} of {len(there)} ready"
    for wanted, workload in zip(step.waited, there, strict=True):
        if workload is None:
            return Check("tier", step.tier, ok=False, found=f"{count}; {component_of(wanted)} is missing", next=DEPLOY)
        if not ready(workload):
            return _slow(step, count, workload, seen)
    return Check("tier", step.tier, ok=True, found=count)


def _slow(step: Step, count: str, workload: Manifest, seen: Snapshot) -> Check:
    name, namespace = component_of(workload), workload["metadata"]["namespace"]
    reason = next(reasons(workload, seen), None)
    message = reason.message if reason else progress(workload)
    fix = reason.fix if reason else f"`kubectl get pods -n {namespace} -l app={name}`"
    return Check("tier", step.tier, ok=False, found=f"{count}; {name}: {message}", next=fix)


def _answers(kubectl: Kubectl, planned: Plan) -> Iterator[Check]:
    """Each port that is served."""
    served = _addresses(kubectl)
    every = [endpoint for wave in planned for step in wave for endpoint in endpoints(step)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda one: _answer(kubectl, one, served.get((one.namespace, one.service), 0)), every)


def _addresses(kubectl: Kubectl) -> Mapping[tuple[str, str], int]:
    """How many pods serve each Service, by namespace and name; one of an overlay may lack the platform's label."""
    made: dict[tuple[str, str], int] = {}
    for endpoint_slice in kubectl.items("get", "endpointslices.discovery.k8s.io", "--all-namespaces"):
        metadata = endpoint_slice["metadata"]
        name = metadata["namespace"], (metadata.get("labels") or {}).get("kubernetes.io/service-name", "")
        serving = [one for one in endpoint_slice.get("endpoints") or () if one.get("conditions", {}).get("ready")]
        made[name] = made.get(name, 0) + len(serving)
    return made


def _answer(kubectl: Kubectl, endpoint: Endpoint, pods: int) -> Check:
    name, namespace, path = endpoint.name, endpoint.namespace, endpoint.path
    if not pods:
        fix = f"`kubectl get pods -n {namespace} -l app={endpoint.component}`"
        return Check("endpoint", name, ok=False, found="no pod serves it", next=fix)
    silent = Check("endpoint", name, ok=True, found=f"served by {pods}, without a path to ask")
    if path is None and endpoint.declared:
        return silent
    service = f"{endpoint.scheme}:{endpoint.service}:{endpoint.number}"
    raw = f"/api/v1/namespaces/{namespace}/services/{service}/proxy{path or '/'}"
    try:
        kubectl.run("get", f"--raw={raw}", seconds=ANSWER_SECONDS)
    except KubectlError as error:
        if path is not None:
            fix = f"`kubectl logs -n {namespace} -l app={endpoint.component} --tail=50`"
            return Check("endpoint", name, ok=False, found=f"{path}: {error.words}", next=fix)
        if REFUSED in error.words:
            fix = f"compare the Service's targetPort with the ports of {endpoint.component}'s containers"
            return Check("endpoint", name, ok=False, found=f"nothing listens: {error.words}", next=fix)
    return Check("endpoint", name, ok=True, found=f"{path} answers") if path else silent


def first_wrong(results: Sequence[Check]) -> Check | None:
    """What to look at next: what lies deepest."""
    return next((check for check in results if not check.ok), None)
