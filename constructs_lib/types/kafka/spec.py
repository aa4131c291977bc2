"""What a component of type kafka is."""

from collections.abc import Mapping

from constructs_lib.component_type import ComponentType
from constructs_lib.model import Catalogue, Component
from constructs_lib.types.kafka.broker import CLUSTER_ID, broker_settings


class Kafka(ComponentType):
    """One broker that is its own controller (KRaft combined mode)."""

    name = "kafka"
    ports = ("kafka",)
    probes = True
    storage = True
    holds = "topics"
    unscraped = True
    settings_needed = (CLUSTER_ID,)

    def settings(self, catalogue: Catalogue, component: Component) -> Mapping[str, str]:
        """The broker's properties, as its image reads them."""
        data = component.storage.mount_path if component.storage else "/tmp"
        return broker_settings(component.host, component.port("kafka").number, data)


TYPE = Kafka()
