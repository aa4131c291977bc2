"""The optional trait gateway-api: a Gateway and HTTPRoutes in place of the Ingresses."""

from typing import Any

from cdk8s import ApiObject, ApiObjectMetadata, JsonPatch
from constructs import Construct

from constructs_lib.catalogue.externals import GATEWAY_CONTROLLER
from constructs_lib.catalogue.graph import Relation, links
from constructs_lib.catalogue.model import Component, Kind, Route
from constructs_lib.catalogue.routes import HOST
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.context import Context
from constructs_lib.parts.labels import object_labels
from constructs_lib.parts.policy import ingress

API_VERSION = "gateway.networking.k8s.io/v1"
GATEWAY = "chatdb"
LISTENER = {"name": "http", "protocol": "HTTP", "port": 80, "hostname": HOST}


class Gateway(ComponentChart):
    """The same routes as the Ingresses, for any controller of the Gateway API; its class is chosen in the trait."""

    def __init__(self, scope: Construct, id_: str, *, component: Component, context: Context) -> None:
        """`component` is the ingress whose routes are taken over."""
        super().__init__(scope, id_)
        gateway = {"gatewayClassName": "eg", "listeners": [LISTENER]}
        self._object(component, "Gateway", GATEWAY, gateway)
        for link in links(context.catalogue):
            provider = link.provider
            if link.relation is Relation.ROUTES and isinstance(provider, Component) and provider.route:
                self._object(component, "HTTPRoute", provider.name, route_spec(provider, provider.route))
                ingress(self, component, GATEWAY_CONTROLLER, provider, [link.port.number])

    def _object(self, component: Component, kind: str, name: str, spec: dict[str, Any]) -> None:
        made = ApiObject(
            self,
            f"{kind}-{name}",
            api_version=API_VERSION,
            kind=kind,
            metadata=ApiObjectMetadata(name=name, namespace=component.namespace, labels=object_labels(component)),
        )
        made.add_json_patch(JsonPatch.add("/spec", spec))


def route_spec(component: Component, route: Route) -> dict[str, Any]:
    """One rule: what is below the path goes to the service, without the part that is stripped."""
    replacement = route.path.removeprefix(route.strip) or "/"
    rewrite = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": replacement}}
    return {
        "parentRefs": [{"name": GATEWAY}],
        "hostnames": [HOST],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": route.path}}],
                "filters": [{"type": "URLRewrite", "urlRewrite": rewrite}],
                "backendRefs": [{"name": component.name, "port": component.port("http").number}],
            }
        ],
    }


def routed(context: Context) -> Component | None:
    """The component whose Ingresses the trait replaces."""
    return next((c for c in context.catalogue.components if c.kind is Kind.INGRESS), None)
