"""What a component of type postgres-schema is."""

from collections.abc import Mapping

from constructs_lib.component_type import POD, ComponentType, own_file, type_of
from constructs_lib.model import Catalogue, Component
from constructs_lib.resolved import Folder, ResolvedComponent, ScriptComponent, Surroundings, specialized

FOLDER = "/opt/schema"
MIGRATIONS = f"{FOLDER}-migrations"
SCRIPTS = ("schema.sh", "prepare.sql", "role.sql", "check.sql", "migration.sql")


class PostgresSchema(ComponentType):
    """Applies the numbered migrations, and gives each service a role of its own."""

    name = "postgres-schema"
    construct = "constructs_lib.parts.script_job"
    takes = POD
    prepares = "postgres"
    single = True
    makes = "schemas"

    def origin_secrets(self, catalogue: Catalogue, component: Component) -> Mapping[str, str]:
        """A password for each role."""
        return {owner.password_key: "password" for owner in catalogue.schema_owners}

    def resolve(self, base: ResolvedComponent, around: Surroundings) -> ResolvedComponent:
        """The script and its roles; migrations have a folder of their own, as they grow with the services."""
        files = {name: own_file(__name__, name) for name in SCRIPTS} | {"roles.tsv": _roles(around.catalogue)}
        files["prepare.sql"] += _of_server(around.catalogue, base.name)
        migrations = _migrations(around.catalogue)
        return specialized(
            base,
            ScriptComponent,
            folders=(
                Folder(path=FOLDER, volume="files", config=f"{base.name}-files", files=files),
                Folder(path=MIGRATIONS, volume="migrations", config="postgres-migrations", files=migrations),
            ),
            command=("bash", f"{FOLDER}/schema.sh", MIGRATIONS, f"{FOLDER}/roles.tsv"),
        )


def _of_server(catalogue: Catalogue, job: str) -> str:
    """What the server's type wants to be run; so the Job runs again where a server of another type takes over."""
    needed = (catalogue.node(dependency.to) for dependency in catalogue.component(job).needs)
    return "".join(type_of(node).schema_sql for node in needed if isinstance(node, Component))


def _roles(catalogue: Catalogue) -> str:
    """Lines of schema, role, and the variable that holds the role's password."""
    rows = [(owner.schema.name, owner.role, owner.password_key) for owner in catalogue.schema_owners if owner.schema]
    return "".join("\t".join(row) + "\n" for row in rows)


def _migrations(catalogue: Catalogue) -> dict[str, str]:
    """The numbered migrations of every schema as <schema>--<file name>."""
    return {
        f"{owner.schema.name}--{path.name}": path.read_text(encoding="utf-8")
        for owner in catalogue.schema_owners
        if owner.schema
        for path in catalogue.migrations(owner.schema)
    }


TYPE = PostgresSchema()
