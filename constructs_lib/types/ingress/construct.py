"""The platform's public entry point."""

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.model import BODY_LIMIT
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.labels import metadata
from constructs_lib.routes import REWRITE, pattern, published
from constructs_lib.types.ingress.spec import Backend, IngressComponent

NGINX = "nginx.ingress.kubernetes.io/"


class Ingresses(ComponentChart):
    """One Ingress for each part that is stripped: what the component is told of it is an annotation of the whole."""

    def __init__(self, scope: Construct, id_: str, *, component: IngressComponent) -> None:
        """The main one has no suffix."""
        super().__init__(scope, id_)
        by_prefix: dict[str, list[Backend]] = {}
        for backend in component.backends:
            by_prefix.setdefault(backend.route.strip, []).append(backend)
        for prefix, backends in sorted(by_prefix.items()):
            suffix = "" if prefix == component.main_prefix else prefix.replace("/", "-")
            self._ingress(component, f"{component.platform}-ingress{suffix}", backends)

    def _ingress(self, component: IngressComponent, name: str, backends: list[Backend]) -> None:
        limit = max(backend.route.body_limit for backend in backends)
        annotations = {
            "proxy-body-size": str(limit),
            "rewrite-target": REWRITE,
            "ssl-redirect": "false",
            "use-regex": "true",
            "x-forwarded-prefix": backends[0].route.strip,
        }
        if limit > BODY_LIMIT:
            # The controller would write the whole body to its disk before the service sees the first byte.
            annotations["proxy-request-buffering"] = "off"
        paths = [
            _path(backend, pattern(backend.route, path))
            for backend in backends
            for path in published(backend.component, backend.route)
        ]
        k8s.KubeIngress(
            self,
            name,
            metadata=metadata(component, name, annotations={NGINX + key: text for key, text in annotations.items()}),
            spec=k8s.IngressSpec(
                ingress_class_name="nginx",
                rules=[
                    k8s.IngressRule(
                        host=component.public_host,
                        http=k8s.HttpIngressRuleValue(paths=paths),
                    )
                ],
            ),
        )


def _path(backend: Backend, path: str) -> k8s.HttpIngressPath:
    service = k8s.IngressServiceBackend(name=backend.component, port=k8s.ServiceBackendPort(number=backend.port))
    return k8s.HttpIngressPath(
        path=path, path_type="ImplementationSpecific", backend=k8s.IngressBackend(service=service)
    )


CONSTRUCT = Ingresses
