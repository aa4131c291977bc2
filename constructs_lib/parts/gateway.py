"""The optional trait gateway-api: a Gateway and HTTPRoutes in place of the Ingresses."""

from typing import Any

from cdk8s import ApiObject, ApiObjectMetadata, JsonPatch
from constructs import Construct

from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.labels import part_of
from constructs_lib.parts.policy import network_policy
from constructs_lib.resolved import ResolvedGateway, ResolvedRoute

API_VERSION = "gateway.networking.k8s.io/v1"


class Gateway(ComponentChart):
    """The same routes as the Ingresses, for any controller of the Gateway API; its class is chosen in the trait."""

    def __init__(self, scope: Construct, id_: str, *, spec: ResolvedGateway) -> None:
        """The Gateway has the platform's name."""
        super().__init__(scope, id_)
        listener = {"name": "http", "protocol": "HTTP", "port": 80, "hostname": spec.host}
        self._object(spec, "Gateway", spec.platform, {"gatewayClassName": "eg", "listeners": [listener]})
        for route in spec.routes:
            self._object(spec, "HTTPRoute", route.component, route_spec(spec, route))
            network_policy(self, spec.platform, spec.owner, route.policy)

    def _object(self, spec: ResolvedGateway, kind: str, name: str, content: dict[str, Any]) -> None:
        labels = {"app": spec.owner, **spec.labels, **part_of(spec.platform)}
        made = ApiObject(
            self,
            f"{kind}-{name}",
            api_version=API_VERSION,
            kind=kind,
            metadata=ApiObjectMetadata(name=name, namespace=spec.namespace, labels=labels),
        )
        made.add_json_patch(JsonPatch.add("/spec", content))


def route_spec(spec: ResolvedGateway, routed: ResolvedRoute) -> dict[str, Any]:
    """One rule: what is below the path goes to the service, without the part that is stripped."""
    route = routed.route
    replacement = route.path.removeprefix(route.strip) or "/"
    rewrite = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": replacement}}
    return {
        "parentRefs": [{"name": spec.platform}],
        "hostnames": [spec.host],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": route.path}}],
                "filters": [{"type": "URLRewrite", "urlRewrite": rewrite}],
                "backendRefs": [{"name": routed.component, "port": routed.port}],
            }
        ],
    }
