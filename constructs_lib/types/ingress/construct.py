"""The platform's public entry point."""

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.labels import metadata
from constructs_lib.routes import rule
from constructs_lib.types.ingress.spec import Backend, IngressComponent


class Ingresses(ComponentChart):
    """One Ingress for each part that is stripped: the rewrite is an annotation, and so belongs to a whole Ingress."""

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
        rules = [(backend, rule(backend.route)) for backend in backends]
        annotations = {
            "nginx.ingress.kubernetes.io/rewrite-target": rules[0][1][1],
            "nginx.ingress.kubernetes.io/ssl-redirect": "false",
            "nginx.ingress.kubernetes.io/use-regex": "true",
        }
        k8s.KubeIngress(
            self,
            name,
            metadata=metadata(component, name, annotations=annotations),
            spec=k8s.IngressSpec(
                ingress_class_name="nginx",
                rules=[
                    k8s.IngressRule(
                        host=component.public_host,
                        http=k8s.HttpIngressRuleValue(paths=[_path(backend, path) for backend, (path, _) in rules]),
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
