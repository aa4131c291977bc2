"""What a component of type locust-master is."""

from collections.abc import Mapping
from dataclasses import dataclass

from constructs_lib.component_type import ComponentType
from constructs_lib.model import Catalogue, Component
from constructs_lib.resolved import ResolvedComponent, Surroundings, specialized

FOLDER = "/mnt/locust"
SETTINGS = {"HOME": "/tmp", "LOCUST_LOCUSTFILE": f"{FOLDER}/locustfile.py"}


@dataclass(frozen=True, kw_only=True)
class LocustComponent(ResolvedComponent):
    """`scripts` is the load test that masters and workers run: file name -> text."""

    scripts: Mapping[str, str]


class LocustMaster(ComponentType):
    """Spreads the load over the workers and shows what they see; it makes none itself."""

    name = "locust-master"
    ports = ("web", "master")
    probes = True
    single = True

    def settings(self, catalogue: Catalogue, component: Component) -> Mapping[str, str]:
        """Where the load test is."""
        return SETTINGS

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The files that it carries."""
        return specialized(base, LocustComponent, scripts=base.files)


TYPE = LocustMaster()
