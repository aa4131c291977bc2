"""What a component of type kafka is."""

from collections.abc import Iterable, Mapping

from constructs_lib.component_type import ComponentType, Defect, Implied
from constructs_lib.model import Catalogue, Component, Dependency
from constructs_lib.resolved import Relation
from constructs_lib.types.kafka.broker import CLUSTER_ID, CONTROLLER, OF_EACH_POD, broker_settings


class Kafka(ComponentType):
    """Brokers that are their own controllers (KRaft combined mode): one, or an odd number from three."""

    name = "kafka"
    ports = ("kafka",)
    probes = True
    storage = True
    scales = True
    holds = "topics"
    unscraped = True
    settings_needed = (CLUSTER_ID,)

    def ports_of(self, component: Component) -> tuple[str, ...]:
        """Several brokers elect their controller over a port of its own."""
        return self.ports if component.replicas == 1 else (*self.ports, CONTROLLER)

    def problems(self, component: Component) -> Iterable[Defect]:
        """Numbers of controllers that stand no more failures than a smaller one, and settings without effect."""
        number = component.replicas
        if number > 1 and number % 2 == 0:
            yield f"has {number} brokers, an even number", f"ask for 1 or {number + 1}: controllers decide by majority"
        if number == 1 and CONTROLLER in {port.name for port in component.ports}:
            yield f"has one broker and a port named {CONTROLLER}", "remove the port, or ask for 3 replicas"
        for name in sorted(OF_EACH_POD & component.settings.keys() if number > 1 else ()):
            yield f"sets {name}, which each of its pods gets by itself", "remove it from settings"

    def implies(self, catalogue: Catalogue, component: Component) -> Iterable[Implied]:
        """Several brokers copy messages from each other, and their controllers vote."""
        if component.replicas == 1:
            return []
        return [(Relation.PEERS, Dependency(component.name, port)) for port in self.ports_of(component)]

    def settings(self, catalogue: Catalogue, component: Component) -> Mapping[str, str]:
        """The brokers' properties, as their image reads them."""
        return broker_settings(component)


TYPE = Kafka()
