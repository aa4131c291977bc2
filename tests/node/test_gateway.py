"""The controller of the Gateway API for a real node: what the trait's objects name."""

from catalogue.externals import GATEWAY_CONTROLLER
from tests.e2e.api import Manifest
from tests.node import gateway, images
from tests.repository import ROOT, manifests


def one(made: list[Manifest], kind: str) -> Manifest:
    """The only object of the kind."""
    (found,) = (manifest for manifest in made if manifest["kind"] == kind)
    return found


def test_it_is_in_the_place_of_the_trait_s_own() -> None:
    """Its class, the port of its listener, and the pods that policies let through."""
    wanted = one(list(manifests(ROOT / "dist/traits/gateway-api")), "Gateway")["spec"]
    made = gateway.manifests()
    assert one(made, "GatewayClass")["metadata"]["name"] == wanted["gatewayClassName"]
    deployment = one(made, "Deployment")
    assert deployment["metadata"]["namespace"] == gateway.NAMESPACE == GATEWAY_CONTROLLER.namespace
    template = deployment["spec"]["template"]
    assert template["metadata"]["labels"].items() >= GATEWAY_CONTROLLER.pod_labels.items()
    (container,) = template["spec"]["containers"]
    (listener,) = wanted["listeners"]
    assert f"--entrypoints.web.address=:{listener['port']}" in container["args"]
    assert container["ports"] == [{"name": "web", "containerPort": listener["port"], "hostPort": gateway.NODE_PORT}]


def test_its_image_is_known() -> None:
    """There is a recipe for it, under the name that its Deployment has."""
    assert set(images.named(gateway.manifests())) == {gateway.image()}
    assert gateway.NAME in images.RECIPES
