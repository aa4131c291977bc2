"""What minikube's ingress addon does to an Ingress: it writes the node's address into its status.

There is no controller here, and Argo CD calls an Ingress without an address Progressing for ever.
"""

import threading
import time
from http.client import HTTPException

from tests.e2e.api import Api, ApiError

ADDRESS = "192.0.2.1"
PERIOD = 0.5


class Addresses:
    """A thread that gives each Ingress an address."""

    def __init__(self, api: Api) -> None:
        """It does not run yet."""
        self.api = api
        self._stopped = threading.Event()

    def start(self) -> None:
        """Look every half second, until stopped."""
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(PERIOD):
            try:
                for ingress in self.api.list("networking.k8s.io/v1", "Ingress"):
                    if not ingress.get("status", {}).get("loadBalancer", {}).get("ingress"):
                        status = {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}
                        self.api.patch(f"{self.api.of(ingress)}/status", {"status": status})
            except (OSError, ApiError, HTTPException):
                time.sleep(PERIOD)
