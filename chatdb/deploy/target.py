"""Which cluster is meant: the current context's where it is on this machine, and any other only by its name."""

import ipaddress
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from chatdb.deploy.kubectl import Kubectl, KubectlError
from constructs_lib.problem import InvalidInput, Problem

MINIKUBE = "minikube"
UNCHOSEN = "current-context must exist"
"""What kubectl says where there is no kubeconfig, or it has no current context."""


@dataclass(frozen=True, slots=True)
class Target:
    """A context of a kubeconfig, and the API server that it leads to."""

    context: str
    server: str

    @property
    def elsewhere(self) -> str | None:
        """What says that this is no cluster on this machine."""
        if self.context == MINIKUBE or loopback(str(urlsplit(self.server).hostname)):
            return None
        return f"context {self.context} is neither {MINIKUBE} nor on loopback"


def current(config: dict[str, Any]) -> Target:
    """The target of a kubeconfig's current context."""
    context = config["current-context"]
    name = next(entry["context"]["cluster"] for entry in config["contexts"] if entry["name"] == context)
    server = next(entry["cluster"]["server"] for entry in config["clusters"] if entry["name"] == name)
    return Target(context, server)


def connect(context: str | None) -> Kubectl:
    """The way to the cluster that is meant; InvalidInput where nobody has named one that is elsewhere."""
    kubectl = Kubectl(context)
    try:
        target = current(json.loads(kubectl.run("config", "view", "--minify", "--output=json")))
    except KubectlError as error:
        fix = "start a cluster (`chatdb cluster up`), or name one of `kubectl config get-contexts` with --context"
        message = "no current cluster is named" if UNCHOSEN in error.words else error.words
        raise InvalidInput([Problem("kubeconfig", message, fix)]) from error
    if context is None and target.elsewhere:
        fix = f"--context={target.context} says that you mean it"
        raise InvalidInput([Problem("kubeconfig", target.elsewhere, fix)])
    # Another command may choose another current context while this one works.
    return Kubectl(target.context)


def loopback(host: str) -> bool:
    """Whether the address, or the name, is this machine's own for itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
