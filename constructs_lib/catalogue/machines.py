"""The machines that environments run on, and what is taken before ChatDB starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MIB = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """What one part of the cluster's own software requests: millicores, and bytes of memory."""

    name: str
    cpu: int
    memory: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A node: millicores, bytes of memory and of disk; `reserve` is the part (0 to 1) that has to stay free.

    `disk_taken` is for images and the node's own files.
    """

    cpu: int
    memory: int
    disk: int
    disk_taken: int
    system: tuple[Share, ...]
    reserve: float = 0.1

    @property
    def cpu_taken(self) -> int:
        """Millicores of the cluster's own software."""
        return sum(share.cpu for share in self.system)

    @property
    def memory_taken(self) -> int:
        """Bytes of the cluster's own software."""
        return sum(share.memory for share in self.system)


MACHINES: Mapping[str, Machine] = MappingProxyType(
    {
        "minikube": Machine(
            cpu=4000,
            memory=8192 * MIB,
            disk=20 * 10**9,
            # Images of the platform, of Kubernetes and of its addons, unpacked.
            disk_taken=7 * 10**9,
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
"""By environment; one that is not here has no capacity check."""
