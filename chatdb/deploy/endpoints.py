"""What the environment serves, as it is rendered: overlays and traits may replace ports and probes."""

from collections.abc import Iterator
from dataclasses import dataclass

from chatdb.deploy.objects import Manifest, component_of
from chatdb.deploy.plan import Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A port of a Service, and the path by which the pods behind it are probed over HTTP."""

    namespace: str
    component: str
    service: str
    port: str
    number: int
    path: str | None

    @property
    def name(self) -> str:
        """As it is shown."""
        return f"{self.service}:{self.port}"


def endpoints(step: Step) -> Iterator[Endpoint]:
    """Each port of each Service of the tier."""
    for service in step.manifests:
        if service["kind"] == "Service":
            containers = list(_containers(step, service))
            for port in service["spec"]["ports"]:
                target = port.get("targetPort", port["port"])
                yield Endpoint(
                    namespace=service["metadata"]["namespace"],
                    component=component_of(service),
                    service=service["metadata"]["name"],
                    port=str(port.get("name", port["port"])),
                    number=port["port"],
                    path=next((path for one in containers for path in _paths(one, target)), None),
                )


def _containers(step: Step, service: Manifest) -> Iterator[Manifest]:
    """Those of the pods that the Service selects."""
    namespace, selector = service["metadata"]["namespace"], service["spec"].get("selector", {})
    for workload in step.waited:
        template = workload["spec"].get("template", {})
        labels = template.get("metadata", {}).get("labels", {})
        if workload["metadata"]["namespace"] == namespace and selector and selector.items() <= labels.items():
            yield from template["spec"]["containers"]


def _paths(container: Manifest, target: int | str) -> Iterator[str]:
    """Where the port is probed over HTTP, readiness first; a port is given by its name or its number."""
    numbers = {port["name"]: port["containerPort"] for port in container.get("ports", ()) if "name" in port}
    for probe in ("readinessProbe", "livenessProbe"):
        get = container.get(probe, {}).get("httpGet")
        if get and numbers.get(get["port"], get["port"]) == numbers.get(target, target):
            yield get["path"]
