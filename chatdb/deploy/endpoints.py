"""What the environment serves, as it is rendered: overlays and traits may replace ports and probes."""

from collections.abc import Iterator
from dataclasses import dataclass

from chatdb.deploy.objects import Manifest, component_of
from chatdb.deploy.plan import Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A port of a Service, and the path by which the pods behind it are probed over HTTP.

    `declared` says whether a container names the port among its own; else nobody says that something listens there.
    """

    namespace: str
    component: str
    service: str
    port: str
    number: int
    path: str | None
    scheme: str = "http"
    declared: bool = True

    @property
    def name(self) -> str:
        """As it is shown."""
        return f"{self.service}:{self.port}"


def endpoints(step: Step) -> Iterator[Endpoint]:
    """Each port of each Service of the tier."""
    for service in step.manifests:
        # Another name for a host outside has no pods.
        if service["kind"] == "Service" and service["spec"].get("type") != "ExternalName":
            containers = list(_containers(step, service))
            for port in service["spec"].get("ports") or ():
                target = port.get("targetPort", port["port"])
                probe = next((get for one in containers for get in _probes(one, target)), None)
                yield Endpoint(
                    namespace=service["metadata"]["namespace"],
                    component=component_of(service),
                    service=service["metadata"]["name"],
                    port=str(port.get("name", port["port"])),
                    number=port["port"],
                    path=(probe.get("path") or "/") if probe else None,
                    scheme=((probe or {}).get("scheme") or "HTTP").lower(),
                    declared=any(target in _declared(one) for one in containers),
                )


def _containers(step: Step, service: Manifest) -> Iterator[Manifest]:
    """Those of the pods that the Service selects."""
    namespace, selector = service["metadata"]["namespace"], service["spec"].get("selector") or {}
    for workload in step.waited:
        template = workload["spec"].get("template") or {}
        labels = (template.get("metadata") or {}).get("labels") or {}
        if workload["metadata"]["namespace"] == namespace and selector and selector.items() <= labels.items():
            yield from template["spec"]["containers"]


def _declared(container: Manifest) -> set[int | str]:
    """Names and numbers of its ports."""
    return {one[key] for one in container.get("ports") or () for key in ("name", "containerPort") if key in one}


def _probes(container: Manifest, target: int | str) -> Iterator[Manifest]:
    """Where the port is probed over HTTP, readiness first; a port is given by its name or its number."""
    numbers = {port["name"]: port["containerPort"] for port in container.get("ports") or () if "name" in port}
    for probe in ("readinessProbe", "livenessProbe"):
        get = (container.get(probe) or {}).get("httpGet")
        if get and numbers.get(get["port"], get["port"]) == numbers.get(target, target):
            yield get
