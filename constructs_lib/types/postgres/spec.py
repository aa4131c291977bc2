"""What a component of type postgres is."""

from constructs_lib.component_type import ComponentType


class Postgres(ComponentType):
    """A single server whose data outlives it."""

    name = "postgres"
    ports = ("postgres",)
    probes = True
    storage = True
    single = True
    holds = "schemas"
    unscraped = True
    guards_claim = True


TYPE = Postgres()
