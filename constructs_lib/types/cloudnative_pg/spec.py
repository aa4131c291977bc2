"""What a component of type cloudnative-pg is."""

from collections.abc import Iterable, Mapping

from constructs_lib.component_type import ComponentType, Implied
from constructs_lib.model import Catalogue, Component, Dependency
from constructs_lib.resolved import Relation

DATABASE = "POSTGRES_DB"
"""The setting that names the database that is made."""
PASSWORD = "POSTGRES_PASSWORD"  # noqa: S105 - a key


class CloudNativePg(ComponentType):
    """PostgreSQL with replicas that take over: a Cluster of the operator CloudNativePG.

    Its Secret has the superuser's name and password under the keys that the operator reads, too.
    """

    name = "cloudnative-pg"
    stands_in_for = "postgres"
    takes = frozenset(
        {
            "image", "uid", "ports", "needs", "talks_to", "settings", "buckets", "generated_secrets", "resources",
            "grace_period", "metrics",
        }
    )  # fmt: skip
    ports = ("postgres", "status")
    storage = True
    scales = True
    api = True
    holds = "schemas"
    unscraped = True
    operator = "cloudnative-pg"
    takes_over = True
    schema_sql = """\
-- The operator's own roles: without the first no instance that was the primary comes back.
GRANT CONNECT ON DATABASE postgres TO streaming_replica, cnpg_metrics_exporter;
GRANT CONNECT ON DATABASE :"DBNAME" TO cnpg_metrics_exporter;
"""
    settings_needed = (DATABASE,)

    def implies(self, catalogue: Catalogue, component: Component) -> Iterable[Implied]:
        """Instances replicate, and ask each other who is isolated; the operator asks them for their state."""
        peers = [(Relation.PEERS, Dependency(component.name, port)) for port in self.ports]
        return [*peers, (Relation.MANAGES, Dependency(component.name, "status"))]

    def derived_secrets(self, component: Component) -> Mapping[str, str]:
        """As the operator's documentation demands of superuserSecret; it does not look at the Secret's type."""
        return {"username": "postgres", "password": f"{{{PASSWORD}}}"}


TYPE = CloudNativePg()
