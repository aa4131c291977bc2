"""The cdk8s apps: one chart for each component, one folder for each tier."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdk8s import App, Chart, YamlOutputType

from constructs_lib.catalogue.model import Catalogue, Component, Kind, Tier
from constructs_lib.components.edge_policies import EdgePolicies
from constructs_lib.components.gateway import Gateway, routed
from constructs_lib.components.namespaces import Namespaces
from constructs_lib.components.registry import REGISTRY
from constructs_lib.parts.config import digest
from constructs_lib.parts.context import Context
from constructs_lib.parts.disruption import disruption_budget

NAMESPACES = "namespaces"
"""The chart that is no component: what the components live in."""


GATEWAY_API = "gateway-api"
"""The folder of an optional trait; overlays/components/gateway-api takes it in."""


@dataclass(frozen=True, slots=True)
class Platform:
    """The apps by tier; `write` makes their files."""

    apps: Mapping[str, App]

    def write(self) -> None:
        """Write <outdir>/<tier>/<chart>.k8s.yaml for every chart."""
        for app in self.apps.values():
            app.synth()


def build_platform(catalogue: Catalogue, outdir: Path, overlays: Sequence[Path] = ()) -> Platform:
    """Build every chart; the catalogue has to be valid (`constructs_lib.catalogue.problems`).

    `overlays` are folders: with all other objects, their files decide when the integration tests run again.
    """
    apps = {
        folder: App(outdir=str(outdir / folder), yaml_output_type=YamlOutputType.FILE_PER_CHART)
        for folder in (*Tier, GATEWAY_API)
    }
    context = Context(catalogue=catalogue)
    tests = [component for component in catalogue.components if component.kind is Kind.INTEGRATION_TESTS]
    others = [component for component in catalogue.components if component not in tests]
    rendered = [manifest for component in others for manifest in _objects(apps, component, context)]
    tested = Context(catalogue=catalogue, platform_digest=digest([rendered, _folders_digest(overlays)]))
    rendered += [manifest for component in tests for manifest in _objects(apps, component, tested)]
    if component := routed(context):
        Gateway(Chart(apps[GATEWAY_API], "gateway"), "gateway", component=component, context=context)
    Namespaces(Chart(apps[Tier.PLATFORM], NAMESPACES, disable_resource_name_hashes=True), NAMESPACES, rendered=rendered)
    return Platform(apps)


def _objects(apps: Mapping[str, App], component: Component, context: Context) -> Sequence[Mapping[str, Any]]:
    """Build the component's chart; its objects as plain data."""
    chart = Chart(apps[component.tier], component.name, disable_resource_name_hashes=True)
    REGISTRY[component.kind](chart, component.name, component=component, context=context)
    EdgePolicies(chart, "edges", component=component, context=context)
    if component.replicas > 1:
        disruption_budget(chart, component)
    made: Sequence[Mapping[str, Any]] = chart.to_json()
    return made


def _folders_digest(folders: Sequence[Path]) -> str:
    """SHA-256 over the relative names and the contents of all files below; the folders' own places do not count."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            found.update(f"{folder.name}/{path.relative_to(folder).as_posix()}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
