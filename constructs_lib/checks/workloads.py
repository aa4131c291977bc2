"""Rules about pods: security, resources, probes, images."""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.checks.model import Inputs
from constructs_lib.image_reference import InvalidImage, parse_image
from constructs_lib.pods import LONG_RUNNING, long_running_containers
from constructs_lib.problem import Problem
from constructs_lib.quantity import in_bytes, millicores

SECURITY = "constructs_lib/parts/security.py writes these fields; remove what overrides them"
VOLUME_TYPES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
CONFINED = ("RuntimeDefault", "Localhost")
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def restricted(inputs: Inputs) -> Iterator[Problem]:
    """Pod Security "restricted", by the list of the Kubernetes documentation."""
    for workload in inputs.workloads():
        for violation in _pod_violations(workload.pod):
            yield Problem(workload.where, violation, SECURITY)
        for container in workload.containers:
            for violation in _container_violations(workload.pod.get("securityContext") or {}, container):
                yield Problem(f"{workload.where}: container {container['name']}", violation, SECURITY)


def _pod_violations(spec: Mapping[str, Any]) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"{field} is set"
    for volume in spec.get("volumes") or []:
        for kind in sorted(set(volume) - {"name"} - VOLUME_TYPES):
            yield f"volume {volume['name']} is of type {kind}"
    own = spec.get("securityContext") or {}
    if own.get("sysctls"):
        yield "sysctls are set"
    yield from _confinement_violations(own)


def _confinement_violations(context: Mapping[str, Any]) -> Iterator[str]:
    """Of the security context of a pod or of a container."""
    if context.get("runAsUser") == 0:
        yield "runAsUser is 0"
    if (context.get("appArmorProfile") or {}).get("type", "RuntimeDefault") not in CONFINED:
        yield "AppArmor is off"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield "it is a host process"
    options = context.get("seLinuxOptions") or {}
    if options.get("type", "") not in SELINUX_TYPES or options.get("user") or options.get("role"):
        yield "seLinuxOptions name a user, a role, or a type other than container_t and its kin"


def _container_violations(pod: Mapping[str, Any], container: Mapping[str, Any]) -> Iterator[str]:
    own = container.get("securityContext") or {}
    merged = {**pod, **own}
    capabilities = own.get("capabilities") or {}
    if merged.get("runAsNonRoot") is not True:
        yield "runAsNonRoot is not true"
    yield from _confinement_violations(own)
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if own.get("privileged"):
        yield "it is privileged"
    if "ALL" not in (capabilities.get("drop") or []) or set(capabilities.get("add") or []) - {"NET_BIND_SERVICE"}:
        yield "capabilities are not dropped"
    if own.get("procMount", "Default") != "Default":
        yield f"procMount is {own['procMount']}"
    if (merged.get("seccompProfile") or {}).get("type") not in CONFINED:
        yield "seccompProfile is not RuntimeDefault"
    if any(port.get("hostPort") for port in container.get("ports") or []):
        yield "it uses a host port"
    for name in _handlers_with_a_host(container):
        yield f"{name} names a host"


def _handlers_with_a_host(container: Mapping[str, Any]) -> Iterator[str]:
    """Probes and lifecycle hooks that let the kubelet connect to some other address than the pod's."""
    handlers = {name: container.get(name) for name in PROBES} | dict(container.get("lifecycle") or {})
    for name, handler in sorted(handlers.items()):
        actions = handler if isinstance(handler, Mapping) else {}
        if any((actions.get(action) or {}).get("host") for action in ("httpGet", "tcpSocket")):
            yield name


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
            requirements = container.get("resources") or {}
            requests, limits = requirements.get("requests") or {}, requirements.get("limits") or {}
            for name, number in (("cpu", millicores), ("memory", in_bytes)):
                for kind, amounts in (("requests", requests), ("limits", limits)):
                    if not amounts.get(name):
                        yield Problem(where, f"no {kind} of {name}", "give its component Resources in the catalogue")
                if name in requests and name in limits and number(limits[name]) < number(requests[name]):
                    message = f"it requests {requests[name]} of {name}, more than its limit {limits[name]}"
                    yield Problem(where, message, "raise the limit, or lower the request")


def probes(inputs: Inputs) -> Iterator[Problem]:
    """Containers that run for ever have all three; init containers but sidecars can have none."""
    for workload in inputs.workloads():
        containers = long_running_containers(workload.pod) if workload.kind in LONG_RUNNING else ()
        for container in containers:
            for name in PROBES:
                if name not in container:
                    where = f"{workload.where}: container {container['name']}"
                    yield Problem(where, f"no {name}", "give its component Probes in the catalogue")


def service_account_tokens(inputs: Inputs) -> Iterator[Problem]:
    """A token, mounted by itself or as a projected volume, only where the component needs the Kubernetes API."""
    allowed = {(one.namespace, one.name) for one in inputs.platform.components if one.uses_api}
    fix = "set automountServiceAccountToken: false, or let it need kubernetes-api"
    for workload in inputs.workloads():
        # What an operator makes asks the API by a token of its own.
        if workload.source or (workload.namespace, workload.pod_labels.get("app")) in allowed:
            continue
        if workload.pod.get("automountServiceAccountToken") is not False:
            yield Problem(workload.where, "it gets a service account token", fix)
        for volume in workload.volumes:
            sources = (volume.get("projected") or {}).get("sources") or []
            if any("serviceAccountToken" in source for source in sources):
                message = f"its volume {volume['name']} has a service account token"
                yield Problem(workload.where, message, "remove the source, or let it need kubernetes-api")


def pinned_images(inputs: Inputs) -> Iterator[Problem]:
    """A legal reference with a version in every container: latest is another one tomorrow."""
    for workload in inputs.workloads():
        for container in workload.containers:
            where = f"{workload.where}: container {container['name']}"
            try:
                pinned = parse_image(container["image"]).pinned
            except InvalidImage as error:
                yield Problem(where, error.what, error.fix)
            else:
                if not pinned:
                    yield Problem(
                        where, f"image {container['image']} has no version", "name one in catalogue/images.py"
                    )
