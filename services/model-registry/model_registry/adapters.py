"""Models, versions and aliases in PostgreSQL; the role's search path is the schema."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import errors
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from chatdb_common.database import STATEMENT_SECONDS, Connection, Pool
from chatdb_common.messages import Task
from model_registry.domain import Alias, Artifact, Conflict, Model, Stale, Unknown, Version

MODELS = "SELECT name, description, last_version, created_at, updated_at FROM models "
VERSIONS = (
    "SELECT model_name, version, state, job_id, task, format, metrics, signature, sha256, size_bytes, object_key,"
    " created_at, ready_at FROM versions "
)
ALIASES = "SELECT model_name, alias, version, previous, revision, updated_at FROM aliases "


@contextmanager
def begin(pool: Pool) -> Iterator["PostgresWork"]:
    """One transaction: committed at the end, undone by an error."""
    with pool.connection() as connection:
        yield PostgresWork(connection)


class PostgresWork:
    """The registry as one transaction sees it."""

    def __init__(self, connection: Connection) -> None:
        """In the transaction of this connection."""
        self.connection = connection

    def add_model(self, name: str, description: str) -> Model:
        """A new model; Conflict where there is one of that name."""
        made = self.connection.execute(
            "INSERT INTO models (name, description) VALUES (%s, %s) ON CONFLICT DO NOTHING", (name, description)
        )
        if made.rowcount == 0:
            raise Conflict(f"there is a model {name} already")
        return self.model(name)

    def models(self, before: tuple[datetime, str] | None, limit: int) -> list[Model]:
        """The newest models, after a place in the list."""
        place = "" if before is None else "WHERE (created_at, name) < (%s, %s) "
        return self._models(place + "ORDER BY created_at DESC, name DESC LIMIT %s", (*(before or ()), limit))

    def model(self, name: str, *, lock: bool = False) -> Model:
        """The model; with `lock` nobody else changes its versions or aliases before this transaction ends."""
        models = self._models("WHERE name = %s" + " FOR UPDATE" * lock, (name,))
        if not models:
            raise Unknown(f"there is no model {name}")
        return models[0]

    def delete_model(self, name: str) -> list[str]:
        """Forget a model with all that belongs to it; the keys of its artifacts."""
        self.model(name, lock=True)
        with self.connection.cursor(row_factory=scalar_row) as cursor:
            cursor.execute("SELECT object_key FROM versions WHERE model_name = %s AND object_key IS NOT NULL", (name,))
            keys = cursor.fetchall()
        self.connection.execute("DELETE FROM models WHERE name = %s", (name,))
        return keys

    def add_version(
        self,
        name: str,
        *,
        job_id: UUID | None,
        task: Task | None,
        format: str,  # noqa: A002 - the column's name
        metrics: Mapping[str, float],
        signature: Mapping[str, Any],
    ) -> Version:
        """The next version, PENDING; a job that has one gets that again, with this metadata while it is PENDING."""
        model = self.model(name, lock=True)
        described = (task, format, Jsonb(dict(metrics)), Jsonb(dict(signature)))
        if job_id is not None:
            # Who asked before may have died, and what this one uploads has to be told by its own words.
            self.connection.execute(
                "UPDATE versions SET task = %s, format = %s, metrics = %s, signature = %s"
                " WHERE model_name = %s AND job_id = %s AND state = 'PENDING'",
                (*described, name, job_id),
            )
            made = self._versions("WHERE model_name = %s AND job_id = %s", (name, job_id))
            if made:
                return made[0]
        number = model.last_version + 1
        self.connection.execute(
            "UPDATE models SET last_version = %s, updated_at = now() WHERE name = %s", (number, name)
        )
        self.connection.execute(
            "INSERT INTO versions (model_name, version, job_id, task, format, metrics, signature)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (name, number, job_id, *described),
        )
        return self.version(name, number, ready=False)

    def version(self, name: str, number: int, *, ready: bool = True) -> Version:
        """The version; unless told otherwise only when it is READY."""
        versions = self._versions("WHERE model_name = %s AND version = %s", (name, number))
        if not versions or (ready and versions[0].ready_at is None):
            raise Unknown(f"there is no version {number} of {name}")
        return versions[0]

    def aliased(self, name: str, alias: str) -> Version:
        """The version that an alias names."""
        versions = self._versions(
            "JOIN aliases USING (model_name, version) WHERE model_name = %s AND alias = %s", (name, alias)
        )
        if not versions:
            raise Unknown(f"{name} has no alias {alias}")
        return versions[0]

    def versions(self, name: str, before: int | None, limit: int) -> list[Version]:
        """The newest READY versions, below a number."""
        self.model(name)
        place = "" if before is None else " AND version < %s"
        parameters = (name, limit) if before is None else (name, before, limit)
        return self._versions(
            f"WHERE model_name = %s AND state = 'READY'{place} ORDER BY version DESC LIMIT %s", parameters
        )

    def finish(self, name: str, number: int, artifact: Artifact) -> bool:
        """Make a version READY; whether it was still PENDING."""
        done = self.connection.execute(
            "UPDATE versions SET state = 'READY', ready_at = now(), sha256 = %s, size_bytes = %s, object_key = %s"
            " WHERE model_name = %s AND version = %s AND state = 'PENDING'",
            (artifact.sha256, artifact.size_bytes, artifact.object_key, name, number),
        )
        return done.rowcount == 1

    def aliases(self, name: str) -> list[Alias]:
        """All aliases of a model, by name."""
        return self._aliases("WHERE model_name = %s ORDER BY alias", (name,))

    def alias(self, name: str, alias: str) -> Alias:
        """The alias."""
        aliases = self._aliases("WHERE model_name = %s AND alias = %s", (name, alias))
        if not aliases:
            raise Unknown(f"{name} has no alias {alias}")
        return aliases[0]

    def set_alias(self, name: str, alias: str, version: int, revision: int | None) -> Alias:
        """Let it name a version; Stale unless it is at that revision (None: unless it is new)."""
        self.model(name, lock=True)
        self.version(name, version)
        if revision is None:
            return self._add_alias(name, alias, version)
        now = self.alias(name, alias)
        if now.revision != revision:
            raise Stale(f"alias {alias} is at revision {now.revision}")
        if now.version != version:
            self.connection.execute(
                "UPDATE aliases SET version = %s, previous = %s, revision = revision + 1, updated_at = now()"
                " WHERE model_name = %s AND alias = %s",
                (version, now.version, name, alias),
            )
        return self.alias(name, alias)

    def _add_alias(self, name: str, alias: str, version: int) -> Alias:
        try:
            self.connection.execute(
                "INSERT INTO aliases (model_name, alias, version) VALUES (%s, %s, %s)", (name, alias, version)
            )
        except errors.UniqueViolation:
            raise Stale(f"alias {alias} is there already") from None
        return self.alias(name, alias)

    def delete_alias(self, name: str, alias: str, revision: int) -> None:
        """Forget it; Stale unless it is at that revision."""
        self.model(name, lock=True)
        now = self.alias(name, alias)
        if now.revision != revision:
            raise Stale(f"alias {alias} is at revision {now.revision}")
        self.connection.execute("DELETE FROM aliases WHERE model_name = %s AND alias = %s", (name, alias))

    def known_keys(self, keys: Sequence[str]) -> set[str]:
        """Which of the objects belong to a version."""
        with self.connection.cursor(row_factory=scalar_row) as cursor:
            cursor.execute("SELECT object_key FROM versions WHERE object_key = ANY(%s)", (list(keys),))
            return set(cursor.fetchall())

    def forget(self, older: timedelta) -> int:
        """Drop versions whose artifact never came, and remembered answers; how many versions."""
        with self.connection.within(STATEMENT_SECONDS):
            self.connection.execute("DELETE FROM idempotency_keys WHERE created_at < now() - %s", (older,))
            done = self.connection.execute(
                "DELETE FROM versions WHERE state = 'PENDING' AND created_at < now() - %s", (older,)
            )
        return done.rowcount

    def _models(self, rest: str, parameters: Sequence[Any]) -> list[Model]:
        with self.connection.cursor(row_factory=class_row(Model)) as cursor:
            cursor.execute((MODELS + rest).encode(), parameters)
            return cursor.fetchall()

    def _versions(self, rest: str, parameters: Sequence[Any]) -> list[Version]:
        with self.connection.cursor(row_factory=class_row(Version)) as cursor:
            cursor.execute((VERSIONS + rest).encode(), parameters)
            return cursor.fetchall()

    def _aliases(self, rest: str, parameters: Sequence[Any]) -> list[Alias]:
        with self.connection.cursor(row_factory=class_row(Alias)) as cursor:
            cursor.execute((ALIASES + rest).encode(), parameters)
            return cursor.fetchall()
