"""What a component of type jaeger is."""

from constructs_lib.component_type import ComponentType


class Jaeger(ComponentType):
    """All in one process, traces in memory: they are a developer's aid, not a record."""

    name = "jaeger"
    ports = ("otlp-http", "query")
    probes = True
    single = True


TYPE = Jaeger()
