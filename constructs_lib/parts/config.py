"""Configuration: files that lie beside their constructs, and the ConfigMaps made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.job_names import checksum_key, digest
from constructs_lib.parts.labels import metadata
from constructs_lib.resolved import ResolvedComponent


@dataclass(frozen=True, slots=True)
class Config:
    """A ConfigMap that was made: its name, and its data for checksums and Job names."""

    name: str
    data: Mapping[str, str]


def checksum(component: ResolvedComponent, configs: Iterable[Config]) -> dict[str, str]:
    """The annotation of a pod template by which its pods follow what they read."""
    config_digest = digest({config.name: dict(config.data) for config in configs})[:16]
    return {checksum_key(component.platform): config_digest}


def config_map(scope: Construct, component: ResolvedComponent, name: str, data: Mapping[str, str]) -> Config:
    """Make a ConfigMap in the component's namespace."""
    k8s.KubeConfigMap(scope, f"config-{name}", metadata=metadata(component, name), data=dict(data))
    return Config(name, data)


def env_config(scope: Construct, component: ResolvedComponent, name: str = "") -> Config | None:
    """Make the ConfigMap of its environment variables, <component>-config without a name; None where it has none."""
    settings = component.settings
    return config_map(scope, component, name or f"{component.name}-config", settings) if settings else None
