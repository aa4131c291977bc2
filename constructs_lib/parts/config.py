"""Configuration: files that lie beside their constructs, and the ConfigMaps made of them."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.catalogue.environment import settings
from constructs_lib.catalogue.model import Component
from constructs_lib.parts.context import Context
from constructs_lib.parts.labels import metadata

CHECKSUM = "chatdb.io/config-checksum"
"""Annotation of a pod template: pods are replaced when what they read at their start changes."""


@dataclass(frozen=True, slots=True)
class Config:
    """A ConfigMap that was made: its name, and its data for checksums and Job names."""

    name: str
    data: Mapping[str, str]


def digest(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def checksum(configs: Iterable[Config]) -> str:
    """What the annotation says about these ConfigMaps."""
    return digest({config.name: dict(config.data) for config in configs})[:16]


def config_map(scope: Construct, component: Component, name: str, data: Mapping[str, str]) -> Config:
    """Make a ConfigMap in the component's namespace."""
    k8s.KubeConfigMap(scope, name, metadata=metadata(component, name), data=dict(data))
    return Config(name, data)


def env_config(
    scope: Construct, component: Component, context: Context, extra: Mapping[str, str] | None = None
) -> Config | None:
    """Make the ConfigMap <name>-config of what the component is told; None where that is nothing."""
    data = settings(context.catalogue, component) | dict(extra or {})
    return config_map(scope, component, f"{component.name}-config", data) if data else None
