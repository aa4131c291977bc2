"""The machines that environments run on, and what is used before ChatDB starts."""

from collections.abc import Mapping
from types import MappingProxyType

from constructs_lib.machine import Machine, Overhead, Share
from constructs_lib.quantity import MIB

# Images of the platform, of Kubernetes and of its addons, unpacked: any node may have all of them.
IMAGES = 7 * 10**9
# Requests in the manifests of Calico, of minikube's addons, and of argocd/install.
CALICO = Share(name="Calico", cpu=250, memory=0)
ADDONS = (
    Share(name="ingress controller", cpu=100, memory=90 * MIB),
    Share(name="metrics-server", cpu=100, memory=200 * MIB),
    Share(name="Argo CD", cpu=190, memory=480 * MIB),
)

MACHINES: Mapping[str, Machine] = MappingProxyType(
    {
        "minikube": Machine(
            cpu=4000,
            memory=8192 * MIB,
            disk=20 * 10**9,
            disk_used=IMAGES,
            # Requests in the manifests of minikube's control plane.
            system=(Share(name="control plane", cpu=750, memory=170 * MIB), CALICO, *ADDONS),
        ),
    }
)
"""By the name that the setting `machine` of an environment gives; without it there is no capacity check."""
NODE_OVERHEAD = Overhead(
    disk_used=IMAGES,
    system=(
        # What Amazon EKS reserves, as awslabs/amazon-eks-ami reckons (nodeadm/internal/kubelet/config.go): 255Mi, and
        # 11Mi for each of kubelet's 110 pods; 90m of 8 cores. On top of it kubelet's threshold of eviction, 100Mi.
        # AKS and GKE reserve 2.2 and 3.6 GiB of 32: the difference is less than what has to stay free.
        Share(name="kubelet, container runtime, operating system", cpu=90, memory=(255 + 11 * 110 + 100) * MIB),
        # The request of EKS's add-on and of GKE; kubeadm's has none.
        Share(name="kube-proxy", cpu=100, memory=0),
        CALICO,
        # Not on each node, but any node may have them, also all of them once another is lost.
        Share(name="CoreDNS", cpu=100, memory=70 * MIB),
        *ADDONS,
    ),
)
"""What is taken of each node of the setting `nodes`. The control plane is on other nodes."""
