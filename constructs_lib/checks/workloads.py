"""Rules about pods: security, resources, probes, images."""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.checks.model import Inputs
from constructs_lib.footprint import pod_spec
from constructs_lib.problem import Problem
from constructs_lib.quantity import in_bytes, millicores

SECURITY = "constructs_lib/parts/security.py writes these fields; remove what overrides them"
VOLUME_TYPES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip


def restricted(inputs: Inputs) -> Iterator[Problem]:
    """Pod Security "restricted", by the list of the Kubernetes documentation."""
    for workload in inputs.workloads():
        spec = pod_spec(workload.manifest) or {}
        for what in _pod_violations(spec):
            yield Problem(workload.where, what, SECURITY)
        for container in workload.containers:
            for what in _container_violations(spec.get("securityContext") or {}, container):
                yield Problem(f"{workload.where}: container {container['name']}", what, SECURITY)


def _pod_violations(spec: Mapping[str, Any]) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"{field} is set"
    for volume in spec.get("volumes", []):
        for kind in sorted(set(volume) - {"name"} - VOLUME_TYPES):
            yield f"volume {volume['name']} is of type {kind}"
    if (spec.get("securityContext") or {}).get("sysctls"):
        yield "sysctls are set"


def _container_violations(pod: Mapping[str, Any], container: Mapping[str, Any]) -> Iterator[str]:
    own = container.get("securityContext") or {}
    merged = {**pod, **own}
    capabilities = own.get("capabilities") or {}
    if merged.get("runAsNonRoot") is not True:
        yield "runAsNonRoot is not true"
    if merged.get("runAsUser") == 0:
        yield "runAsUser is 0"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if own.get("privileged"):
        yield "it is privileged"
    if capabilities.get("drop") != ["ALL"] or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "capabilities are not dropped"
    if (merged.get("seccompProfile") or {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile is not RuntimeDefault"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "it uses a host port"


def read_only_root(inputs: Inputs) -> Iterator[Problem]:
    """What cannot be written cannot be changed by an intruder."""
    for workload in inputs.workloads():
        for container in workload.containers:
            if (container.get("securityContext") or {}).get("readOnlyRootFilesystem") is not True:
                where = f"{workload.where}: container {container['name']}"
                yield Problem(where, "its root file system can be written", "mount a scratch volume where it writes")


def resources(inputs: Inputs) -> Iterator[Problem]:
    """Requests and limits of CPU and memory, and requests within limits."""
    for workload in inputs.workloads():
        for container in workload.containers:
            where = f"{workload.where}: container {container['name']}"
            found = container.get("resources") or {}
            requests, limits = found.get("requests") or {}, found.get("limits") or {}
            for name, number in (("cpu", millicores), ("memory", in_bytes)):
                for kind, amounts in (("requests", requests), ("limits", limits)):
                    if not amounts.get(name):
                        yield Problem(where, f"no {kind} of {name}", "give its component Resources in the catalogue")
                if name in requests and name in limits and number(limits[name]) < number(requests[name]):
                    what = f"it requests {requests[name]} of {name}, more than its limit {limits[name]}"
                    yield Problem(where, what, "raise the limit, or lower the request")


def probes(inputs: Inputs) -> Iterator[Problem]:
    """Long-running containers have all three, and readiness asks more than liveness where both are HTTP services."""
    for workload in inputs.of("Deployment", "StatefulSet"):
        for container in workload.containers:
            for name in ("livenessProbe", "readinessProbe", "startupProbe"):
                if name not in container:
                    where = f"{workload.where}: container {container['name']}"
                    yield Problem(where, f"no {name}", "give its component Probes in the catalogue")


def service_account_tokens(inputs: Inputs) -> Iterator[Problem]:
    """A token only where the component has a need of the Kubernetes API."""
    allowed = {c.name for c in inputs.platform.components if c.uses_api}
    for workload in inputs.workloads():
        app = workload.template["metadata"]["labels"].get("app")
        spec = workload.template["spec"]
        if spec.get("automountServiceAccountToken") is not False and app not in allowed:
            fix = "set automountServiceAccountToken: false, or let it need kubernetes-api"
            yield Problem(workload.where, "it gets a service account token", fix)


def pinned_images(inputs: Inputs) -> Iterator[Problem]:
    """A version in every image: latest is another one tomorrow."""
    for workload in inputs.workloads():
        for container in workload.containers:
            _, _, tag = container["image"].partition("@")[0].rpartition("/")[2].partition(":")
            if tag in ("", "latest"):
                where = f"{workload.where}: container {container['name']}"
                yield Problem(where, f"image {container['image']} has no version", "name one in catalogue/images.py")
