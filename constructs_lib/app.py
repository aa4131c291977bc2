"""The cdk8s apps: one chart for each component, one folder for each tier."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from cdk8s import App, YamlOutputType

from constructs_lib.catalogue.model import Catalogue, Component, Kind, Tier
from constructs_lib.components.edge_policies import edge_policies
from constructs_lib.components.gateway import Gateway, routed
from constructs_lib.components.namespaces import Namespaces
from constructs_lib.components.registry import REGISTRY
from constructs_lib.parts.context import Context
from constructs_lib.parts.disruption import disruption_budget
from constructs_lib.parts.footprint import WORKLOADS

NAMESPACES = "namespaces"
"""The chart that is no component: what the components live in."""
GATEWAY_API = "gateway-api"
"""The folder of an optional trait; overlays/components/gateway-api takes it in."""
FILES = "*.k8s.yaml"
HEAD = re.compile(r"^apiVersion: (?:(\S+)/)?\S+\nkind: (\S+)$", re.MULTILINE)
"""(API group, kind) of an object, as cdk8s writes it."""


def synth_platform(catalogue: Catalogue, outdir: Path, overlays: Sequence[Path] = ()) -> frozenset[tuple[str, str]]:
    """Write <outdir>/<tier>/<chart>.k8s.yaml for every chart; (API group, kind) of all objects.

    The catalogue has to be valid (`constructs_lib.catalogue.problems`). What depends on all else is made from what is
    written: quotas, and the name of the integration tests, for which the files of `overlays` (folders) count as well.
    """
    for folder in (*Tier, GATEWAY_API):
        (outdir / folder).mkdir(parents=True)
    context = Context(catalogue=catalogue)
    tests = [component for component in catalogue.components if component.kind is Kind.INTEGRATION_TESTS]
    others = [component for component in catalogue.components if component.kind is not Kind.INTEGRATION_TESTS]
    _components(outdir, others, context)
    tested = Context(catalogue=catalogue, platform_digest=_digest([outdir, *overlays]))
    _components(outdir, tests, tested)
    workloads = list(_workloads(outdir))
    if component := routed(context):
        app = _app(outdir / GATEWAY_API)
        Gateway(app, "gateway", component=component, context=context)
        app.synth()
    app = _app(outdir / Tier.PLATFORM)
    Namespaces(app, NAMESPACES, rendered=workloads)
    app.synth()
    return frozenset(head for text in _texts(outdir) for head in HEAD.findall(text))


def _components(outdir: Path, components: Iterable[Component], context: Context) -> None:
    """Write the chart of each component into the folder of its tier."""
    apps: dict[Tier, App] = {}
    for component in components:
        app = apps.get(component.tier) or apps.setdefault(component.tier, _app(outdir / component.tier))
        chart = REGISTRY[component.kind](app, component.name, component=component, context=context)
        edge_policies(chart, component, context)
        if component.replicas > 1:
            disruption_budget(chart, component)
    for app in apps.values():
        app.synth()


def _app(folder: Path) -> App:
    return App(outdir=str(folder), yaml_output_type=YamlOutputType.FILE_PER_CHART)


def _texts(outdir: Path) -> Iterator[str]:
    return (path.read_text(encoding="utf-8") for path in sorted(outdir.rglob(FILES)))


def _workloads(outdir: Path) -> Iterator[dict[str, Any]]:
    """The objects that run pods; to parse all others would take longer than to make them."""
    for text in _texts(outdir):
        for document in text.split("\n---\n"):
            head = HEAD.search(document)
            if head and head[2] in WORKLOADS:
                yield yaml.load(document, Loader=yaml.CSafeLoader)


def _digest(folders: Iterable[Path]) -> str:
    """SHA-256 over the relative names and the contents of all files below; the folders' own places do not count."""
    found = hashlib.sha256()
    for folder in folders:
        found.update(b"\0")
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            found.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
