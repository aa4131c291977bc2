"""The machines that environments run on, and what is used before ChatDB starts."""

from collections.abc import Mapping
from types import MappingProxyType

from constructs_lib.model import Machine, Share
from constructs_lib.quantity import MIB

MACHINES: Mapping[str, Machine] = MappingProxyType(
    {
        "minikube": Machine(
            cpu=4000,
            memory=8192 * MIB,
            disk=20 * 10**9,
            # Images of the platform, of Kubernetes and of its addons, unpacked.
            disk_used=7 * 10**9,
            # Requests in the manifests of minikube's control plane and addons, Calico, and argocd/install.
            system=(
                Share(name="control plane", cpu=750, memory=170 * MIB),
                Share(name="Calico", cpu=250, memory=0),
                Share(name="ingress controller", cpu=100, memory=90 * MIB),
                Share(name="metrics-server", cpu=100, memory=200 * MIB),
                Share(name="Argo CD", cpu=190, memory=480 * MIB),
            ),
        ),
    }
)
"""By the name that the setting `machine` of an environment gives; without it there is no capacity check."""
