"""Traefik from its Go module, a controller of the Gateway API for the trait `gateway-api`."""

import re
from pathlib import Path

import yaml

from tests.e2e.api import Api, Manifest
from tests.e2e.target import define_kinds
from tests.repository import ROOT

BUILT = ROOT / ".tools/node/gateway"
STAMP = ROOT / ".tools/stamps/node-gateway"
DEFINITIONS = BUILT / "etc/gateway-api"
"""Those of the Gateway API's version that it is built with."""
NAMESPACE, NAME = "envoy-gateway-system", "traefik"
NODE_PORT = 8000
MANIFESTS = Path(__file__).with_name("files") / "gateway.yaml"
MODULE = ROOT / "tools/go/gateway/go.mod"


def image() -> str:
    """Its name, with the module's version."""
    (version,) = re.findall(
        r"^\s*github\.com/traefik/traefik/v3 (v\S+)", MODULE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return f"{NAME}:{version}"


def manifests() -> list[Manifest]:
    """The controller and its GatewayClass."""
    made: list[Manifest] = list(yaml.safe_load_all(MANIFESTS.read_text(encoding="utf-8")))
    (container,) = made[-1]["spec"]["template"]["spec"]["containers"]
    container["image"] = image()
    return made


def install(api: Api) -> None:
    """Apply the Gateway API's definitions and the controller; its image has to be on the node."""
    define_kinds(api, DEFINITIONS)
    for manifest in manifests():
        api.apply(manifest)
