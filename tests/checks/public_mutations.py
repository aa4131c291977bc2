"""What is done to Ingresses for the rule `public-paths` to find."""

from catalogue.tiers import Tier
from constructs_lib.checks.model import Rendered
from tests.checks.mutations import Mutation, add, pick


def whole_service_public(rendered: list[Rendered]) -> None:
    """The page with all that is below it, as it was once."""
    ingress = pick(rendered, "Ingress", "chatdb-ingress-test")
    ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/rewrite-target"] = "/$2"
    ingress["spec"]["rules"][0]["http"]["paths"][0]["path"] = "/test(/|$)(.*)"


def readiness_public(rendered: list[Rendered]) -> None:
    paths = pick(rendered, "Ingress", "chatdb-ingress")["spec"]["rules"][0]["http"]["paths"]
    paths[0]["path"] = "/api/v1/((ml|ready)(/.*)?)$"


def metrics_public_by_prefix(rendered: list[Rendered]) -> None:
    """Another class of controller, without any rewrite."""
    service = {"name": "query-parser", "port": {"number": 8002}}
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": service}}
    add(
        rendered,
        Tier.EDGE,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {
                "name": "all",
                "namespace": "chatdb-services",
                "labels": {"app.kubernetes.io/part-of": "chatdb"},
            },
            "spec": {"rules": [{"http": {"paths": [path]}}]},
        },
    )


def expression_that_is_none(rendered: list[Rendered]) -> None:
    paths = pick(rendered, "Ingress", "chatdb-ingress")["spec"]["rules"][0]["http"]["paths"]
    paths[0]["path"] = "/api/v1/(ml(/.*)?$"


PUBLIC: list[tuple[str, Mutation]] = [
    ("public-paths", whole_service_public),
    ("public-paths", readiness_public),
    ("public-paths", metrics_public_by_prefix),
    ("public-paths", expression_that_is_none),
]
