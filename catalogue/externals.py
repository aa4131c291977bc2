"""What the platform talks with but does not run."""

from types import MappingProxyType

from constructs_lib import model
from constructs_lib.model import Dependency, External, Port

INGRESS_CONTROLLER = External(
    name=model.INGRESS_CONTROLLER,
    namespace="ingress-nginx",
    pod_labels=MappingProxyType({"app.kubernetes.io/component": "controller"}),
    host="ingress-nginx-controller.ingress-nginx.svc.cluster.local",
    ports=(Port(name="http", number=80, env=MappingProxyType({"INGRESS_URL": "http://{host}"})),),
)
# Envoy Gateway's pods; another controller of the Gateway API needs another selector.
GATEWAY_CONTROLLER = External(
    name="gateway-controller",
    namespace="envoy-gateway-system",
    pod_labels=MappingProxyType({"gateway.envoyproxy.io/owning-gateway-name": "chatdb"}),
    ports=(),
)
KUBERNETES_API = External(
    name=model.KUBERNETES_API,
    # Inside, of the first port; the others are those of the machines that it runs on.
    host="kubernetes.default.svc.cluster.local",
    ports=(
        Port(name="service", number=443),
        Port(name="kubeadm", number=6443),
        Port(name="minikube", number=8443),
    ),
)
API = tuple(Dependency(KUBERNETES_API.name, port.name) for port in KUBERNETES_API.ports)
DNS = External(
    name=model.DNS,
    namespace="kube-system",
    pod_labels=MappingProxyType({"k8s-app": "kube-dns"}),
    ports=(Port(name="dns", number=53),),
    protocols=("UDP", "TCP"),
)
EXTERNALS = (INGRESS_CONTROLLER, KUBERNETES_API, DNS)
