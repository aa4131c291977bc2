"""The optional trait gateway-api: a Gateway and HTTPRoutes in place of the Ingresses."""

from typing import Any

from cdk8s import ApiObject, ApiObjectMetadata, JsonPatch
from constructs import Construct

from constructs_lib.model import BODY_LIMIT
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.labels import part_of
from constructs_lib.parts.policy import network_policy
from constructs_lib.resolved import ResolvedGateway, ResolvedRoute
from constructs_lib.routes import PREFIX_HEADER, ROOT, published

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
    """A rule for each published path, which goes to the service without the part that is stripped."""
    return {
        "parentRefs": [{"name": spec.platform}],
        "hostnames": [spec.host],
        "rules": [_rule(routed, path) for path in published(routed.component, routed.route)],
    }


def _rule(routed: ResolvedRoute, path: str) -> dict[str, Any]:
    route = routed.route
    if path == ROOT:
        values, match, rewrite = [route.strip, f"{route.strip}/"], "Exact", ("ReplaceFullPath", "replaceFullPath")
    else:
        values, match, rewrite = [route.strip + path], "PathPrefix", ("ReplacePrefixMatch", "replacePrefixMatch")
    told = {"name": PREFIX_HEADER, "value": route.strip}
    rule: dict[str, Any] = {
        "matches": [{"path": {"type": match, "value": value}} for value in values],
        "filters": [
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [told]}},
            {"type": "URLRewrite", "urlRewrite": {"path": {"type": rewrite[0], rewrite[1]: path}}},
        ],
        "backendRefs": [{"name": routed.component, "port": routed.port}],
    }
    if route.body_limit > BODY_LIMIT:
        # How long a large body takes is the client's affair; the service ends those that stand still.
        rule["timeouts"] = {"request": "0s"}
    return rule
