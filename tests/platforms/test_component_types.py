"""A component type is registered at run time, and nothing else of the generator knows it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
from constructs import Construct

from catalogue.components import CATALOGUE
from catalogue.namespaces import Namespace
from catalogue.tiers import Tier
from constructs_lib import component_type
from constructs_lib.component_type import ComponentType, register
from constructs_lib.defaults import env, tool_probes
from constructs_lib.model import Catalogue, Component, Dependency, Port, Resources
from constructs_lib.parts.chart import ComponentChart
from constructs_lib.parts.config import env_config
from constructs_lib.parts.pod import PodOptions
from constructs_lib.parts.service import service
from constructs_lib.parts.workload import deployment
from constructs_lib.problem import InvalidInput
from constructs_lib.render import render
from constructs_lib.resolve import resolve
from constructs_lib.resolve.policies import selector
from constructs_lib.resolved import ResolvedComponent, Surroundings, specialized
from tests.repository import ROOT


@dataclass(frozen=True, kw_only=True)
class CacheComponent(ResolvedComponent):
    """`bytes` is what the cache may keep."""

    bytes: int


class Cache(ComponentType):
    """A cache that listens on one port and has no data of its own."""

    name = "cache"
    construct: ClassVar[str] = __name__
    ports = ("cache",)
    probes = True
    unscraped = True

    def settings(self, catalogue: Catalogue, component: Component) -> Mapping[str, str]:
        """How much it keeps."""
        return {"CACHE_BYTES": "1048576"}

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """With the number of its consumers."""
        return specialized(base, CacheComponent, bytes=1048576)


class CacheChart(ComponentChart):
    """A Deployment and a Service."""

    def __init__(self, scope: Construct, id_: str, *, component: CacheComponent) -> None:
        """All from the resolved component."""
        super().__init__(scope, id_)
        options = PodOptions(env_vars=env_config(self, component), args=[f"--bytes={component.bytes}"])
        deployment(self, component, options)
        service(self, component)


CONSTRUCT = CacheChart
ENTRY = Component(
    name="sessions",
    tier=Tier.FOUNDATION,
    type="cache",
    namespace=Namespace.SYSTEM,
    image="kafka",
    ports=(Port(name="cache", number=6379, env=env(SESSIONS="{host}:{port}")),),
    resources=Resources(cpu="1m", memory="8Mi", cpu_limit="2m", memory_limit="16Mi"),
    probes=tool_probes("cache"),
)


def with_cache() -> Catalogue:
    """ChatDB with a cache that the query parser needs."""
    need = Dependency("sessions", "cache")
    components = [replace(c, needs=(*c.needs, need)) if c.name == "query-parser" else c for c in CATALOGUE.components]
    return replace(CATALOGUE, components=(*components, ENTRY))


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The type is known until the end of the test."""
    monkeypatch.setattr(component_type, "_TYPES", dict(component_type._TYPES))
    register(Cache())


def test_unknown_before() -> None:
    """A type that nobody has registered is refused, with those that there are."""
    with pytest.raises(InvalidInput, match="unknown component type 'cache'; use one of: chaos, cloudnative-pg"):
        resolve(with_cache())


def test_registered(registered: None) -> None:
    """Its objects, its policies, and what its consumer is told of it."""
    platform = resolve(with_cache())
    charts = render(platform).charts
    objects = {(one["kind"], one["metadata"]["name"]): one for one in charts["foundation", "sessions"]}
    assert {("Deployment", "sessions"), ("Service", "sessions"), ("ConfigMap", "sessions-config")} <= set(objects)
    (container,) = objects["Deployment", "sessions"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["--bytes=1048576"]
    parser = {(one["kind"], one["metadata"]["name"]): one for one in charts["processing", "query-parser"]}
    assert parser["ConfigMap", "query-parser-config"]["data"]["SESSIONS"] == f"{ENTRY.host}:6379"
    policies = platform.component("query-parser").policies
    (inward,) = (policy.name for policy in policies if policy.labels == selector("sessions"))
    assert ("NetworkPolicy", inward) in parser
    assert "sessions" in platform.component("query-parser").after


def test_its_demands_hold(registered: None) -> None:
    """An entry without what the type asks for is refused."""
    catalogue = with_cache()
    entries = [replace(c, probes=None) if c.name == "sessions" else c for c in catalogue.components]
    with pytest.raises(InvalidInput, match="it is of type cache, but has no probes"):
        resolve(replace(catalogue, components=tuple(entries)))


def test_twice(registered: None) -> None:
    """One name is one type."""
    with pytest.raises(ValueError, match="choose another name"):
        register(Cache())


def test_each_type_is_one_folder() -> None:
    """A spec and a construct, and no other module of the generator names a type's folder."""
    folders = {path.parent.name for path in (ROOT / "constructs_lib/types").glob("*/spec.py")}
    outside = [path for path in (ROOT / "constructs_lib").rglob("*.py") if "types" not in path.relative_to(ROOT).parts]
    named = [(path, name) for path in outside for name in folders if f"types.{name}" in Path(path).read_text()]
    assert named == []
