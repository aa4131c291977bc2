"""What controllers of routes write: minikube's ingress addon the node's address, those of the Gateway API conditions.

There is no controller here, and Argo CD calls what none has written to Progressing for ever.
"""

from tests.e2e.api import Manifest
from tests.e2e.looking import Looking

ADDRESS = "192.0.2.1"
GATEWAY_API = "gateway.networking.k8s.io/v1"
CONTROLLER = "test.invalid/none"


CONDITION = {"status": "True", "reason": "Simulated", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}


class Addresses(Looking):
    """A thread that gives each Ingress an address."""

    def look(self) -> None:
        """Give one to those that have none."""
        for ingress in self.api.list("networking.k8s.io/v1", "Ingress"):
            if not ingress.get("status", {}).get("loadBalancer", {}).get("ingress"):
                status = {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}
                self.api.patch(f"{self.api.of(ingress)}/status", {"status": status})


class Programmed(Looking):
    """A thread that says, as a controller of the Gateway API does, that each Gateway and HTTPRoute is programmed."""

    def look(self) -> None:
        """Say so of their present generation."""
        for gateway in self.api.list(GATEWAY_API, "Gateway"):
            self._write(gateway, {"conditions": _conditions(gateway, "Accepted", "Programmed")})
        for route in self.api.list(GATEWAY_API, "HTTPRoute"):
            conditions = _conditions(route, "Accepted", "ResolvedRefs")
            parent = {
                "parentRef": route["spec"]["parentRefs"][0],
                "controllerName": CONTROLLER,
                "conditions": conditions,
            }
            self._write(route, {"parents": [parent]})

    def _write(self, manifest: Manifest, status: Manifest) -> None:
        old = manifest.get("status", {})
        if {key: old.get(key) for key in status} != status:
            self.api.patch(f"{self.api.of(manifest)}/status", {"status": status})


def _conditions(manifest: Manifest, *types: str) -> list[Manifest]:
    generation = manifest["metadata"]["generation"]
    return [CONDITION | {"type": name, "observedGeneration": generation} for name in types]
