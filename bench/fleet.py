"""A platform of N services: as a catalogue of ours, and as plain data for peers that know nothing of this project."""

import math
from pathlib import Path
from typing import Any

from catalogue.externals import EXTERNALS
from catalogue.namespaces import Namespace
from catalogue.tiers import WAVES, Tier
from constructs_lib.defaults import env, http, service_probes
from constructs_lib.model import Catalogue, Component, Dependency, Image, Resources
from constructs_lib.resolve import resolve
from constructs_lib.resolved import ResolvedComponent

TIERS = (Tier.CORE, Tier.PROCESSING, Tier.EDGE)
FIRST_PORT = 8000
CPU, MEMORY, CPU_LIMIT, MEMORY_LIMIT = 50, 64, 200, 128
"""Millicores and Mi of each pod."""
SURGE = 0.25
"""Kubernetes' default: this share of the replicas is added in a rollout, rounded up."""


def catalogue(count: int) -> Catalogue:
    """That many services in three tiers; each but those of the first tier needs the one before it."""
    components = tuple(_component(number) for number in range(count))
    images = {component.name: Image(repository=f"bench/{component.name}", tag="1.0.0") for component in components}
    return Catalogue(
        name="chatdb",
        title="ChatDB",
        root=Path(__file__).resolve().parents[1],
        waves=WAVES,
        namespaces=tuple(Namespace),
        components=components,
        externals=EXTERNALS,
        images=images,
    )


def _component(number: int) -> Component:
    tier = TIERS[number % len(TIERS)]
    return Component(
        name=_name(number),
        tier=tier,
        type="microservice",
        namespace=Namespace.SERVICES,
        image=_name(number),
        ports=(http(_name(number), FIRST_PORT + number),),
        needs=(Dependency(_name(number - 1), "http"),) if tier is not TIERS[0] else (),
        settings=env(LOG_LEVEL="info", WORKERS=str(1 + number % 4), CACHE_SECONDS=str(60 * (1 + number % 10))),
        labels=env(component=str(tier)),
        replicas=1 + number % 2,
        resources=Resources(
            cpu=f"{CPU}m", memory=f"{MEMORY}Mi", cpu_limit=f"{CPU_LIMIT}m", memory_limit=f"{MEMORY_LIMIT}Mi"
        ),
        probes=service_probes(),
        metrics="http",
    )


def _name(number: int) -> str:
    return f"service-{number:04}"


def description(count: int) -> dict[str, Any]:
    """The same platform as somebody would write it down by hand: every variable and every quota is spelled out."""
    fleet = catalogue(count)
    platform = resolve(fleet)
    pods = sum(component.replicas + math.ceil(component.replicas * SURGE) + 1 for component in fleet.components)
    return {
        "namespaces": [
            {"name": str(namespace), "quota": _quota(pods if namespace is Namespace.SERVICES else 0)}
            for namespace in Namespace
        ],
        "services": [_plain(fleet, component) for component in platform.components],
    }


def _quota(pods: int) -> dict[str, str]:
    """All pods, the surge of all rollouts at once, and one terminating pod of each service."""
    return {
        "requests.cpu": f"{pods * CPU}m",
        "requests.memory": f"{pods * MEMORY}Mi",
        "limits.cpu": f"{pods * CPU_LIMIT}m",
        "limits.memory": f"{pods * MEMORY_LIMIT}Mi",
        "pods": str(pods),
    }


def _plain(fleet: Catalogue, component: ResolvedComponent) -> dict[str, Any]:
    providers = [fleet.component(dependency.to) for dependency in fleet.component(component.name).needs]
    return {
        "name": component.name,
        "namespace": component.namespace,
        "tier": component.tier,
        "image": component.image,
        "port": component.port("http").number,
        "replicas": component.replicas,
        "settings": component.settings,
        "needs": [{"name": provider.name, "port": provider.port("http").number} for provider in providers],
    }
