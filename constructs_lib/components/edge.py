"""The platform's public door."""

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.catalogue.graph import Link, links_of
from constructs_lib.catalogue.model import Component, Route
from constructs_lib.catalogue.routes import API_PREFIX, HOST, rule
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.context import Context
from constructs_lib.parts.labels import metadata


class Ingresses(ComponentChart):
    """One Ingress for each part that is stripped: the rewrite is an annotation, and so belongs to a whole Ingress."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """The api one keeps the specification's name."""
        super().__init__(scope, id_)
        by_prefix: dict[str, list[tuple[Link, Route]]] = {}
        for link in links_of(context.catalogue, component.name):
            if isinstance(link.provider, Component) and link.provider.route:
                route = link.provider.route
                by_prefix.setdefault(route.strip, []).append((link, route))
        for prefix, routed in sorted(by_prefix.items()):
            suffix = "" if prefix == API_PREFIX else prefix.replace("/", "-")
            self._ingress(component, f"chatdb-ingress{suffix}", routed)

    def _ingress(self, component: Component, name: str, routed: list[tuple[Link, Route]]) -> None:
        rules = [(link, rule(route)) for link, route in routed]
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
                        host=HOST,
                        http=k8s.HttpIngressRuleValue(paths=[_path(link, path) for link, (path, _) in rules]),
                    )
                ],
            ),
        )


def _path(link: Link, path: str) -> k8s.HttpIngressPath:
    backend = k8s.IngressServiceBackend(name=link.provider.name, port=k8s.ServiceBackendPort(number=link.port.number))
    return k8s.HttpIngressPath(
        path=path, path_type="ImplementationSpecific", backend=k8s.IngressBackend(service=backend)
    )
