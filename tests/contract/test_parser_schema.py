"""What query-parser knows of ChatDB's tables is what the services' migrations make."""

from collections.abc import Iterator
from typing import Any

import yaml
from pglast import ast as sql
from pglast import parse_sql

from catalogue.components import CATALOGUE
from tests.repository import ROOT

PARSER = "services/query-parser/query_parser/chatdb_schema.yaml"
TYPES = {
    "uuid": "uuid",
    "text": "text",
    "int4": "integer",
    "int8": "integer",
    "numeric": "number",
    "timestamptz": "timestamp",
    "jsonb": "jsonb",
}
"""The parser's type of each of PostgreSQL's; a question can't compare jsonb."""
UNASKED = {
    "orchestrator.transitions": "the history of a job is shown with the job",
    "orchestrator.outbox": "delivery of messages, not data of users",
    "orchestrator.inbox": "delivery of messages, not data of users",
    "orchestrator.idempotency_keys": "delivery of requests, not data of users",
    "registry.idempotency_keys": "delivery of requests, not data of users",
    "orchestrator.jobs.hyperparameters": "jsonb",
    "orchestrator.jobs.result": "jsonb",
    "orchestrator.jobs.trace": "jsonb",
    "orchestrator.jobs.version": "the counter of compare-and-set, which would be taken for a model's version",
    "orchestrator.jobs.lease_owner": "what the reaper works with",
    "orchestrator.jobs.lease_expires_at": "what the reaper works with",
    "registry.versions.metrics": "jsonb",
    "registry.versions.signature": "jsonb",
    "registry.versions.object_key": "where the object store has it",
    "registry.aliases.revision": "the counter of If-Match",
    "registry.aliases.required_state": "lets the foreign key accept READY versions only",
}
"""Tables and columns that the parser leaves out, each with the reason."""
ACROSS = {
    "orchestrator.jobs.model_name": "registry.models.name",
    "registry.versions.job_id": "orchestrator.jobs.id",
}
"""Keys that the parser joins by and no migration declares: they lead from one service's schema to another's."""


def migrated() -> Iterator[tuple[str, str, list[Any]]]:
    """(schema, table, its columns and constraints) of every CREATE TABLE and ALTER TABLE ADD of the migrations."""
    for component in CATALOGUE.components:
        if component.schema:
            for path in sorted((ROOT / component.schema.migrations).glob("*.sql")):
                for statement in (one.stmt for one in parse_sql(path.read_text(encoding="utf-8"))):
                    if not isinstance(statement, sql.CreateStmt | sql.AlterTableStmt):
                        continue
                    elements: Any = getattr(statement, "tableElts", ())
                    if isinstance(statement, sql.AlterTableStmt):
                        elements = [change.def_ for change in statement.cmds or ()]
                        assert all(isinstance(one, sql.ColumnDef) for one in elements), (
                            f"{path.name}: read it here, too"
                        )
                    assert statement.relation and statement.relation.relname
                    yield component.schema.name, statement.relation.relname, list(elements)


def made() -> tuple[dict[str, str], dict[str, str]]:
    """What the migrations make: the type of every column, and the column that every foreign key leads to."""
    columns: dict[str, str] = {}
    keys: dict[str, str] = {}
    for schema, table, elements in migrated():
        place = f"{schema}.{table}"
        for column in elements:
            if isinstance(column, sql.ColumnDef):
                name = f"{place}.{column.colname}"
                assert column.typeName and column.typeName.names
                columns[name] = TYPES[column.typeName.names[-1].sval]
                for constraint in column.constraints or ():
                    if constraint.pktable:
                        keys[name] = f"{schema}.{constraint.pktable.relname}.{constraint.pk_attrs[0].sval}"
    return columns, keys


def known() -> tuple[dict[str, str], dict[str, str]]:
    """What the parser knows, in the same form."""
    schema = yaml.safe_load((ROOT / PARSER).read_text(encoding="utf-8"))
    spaces = {table["name"]: f"{table['namespace']}.{table['name']}" for table in schema["tables"]}
    columns = {
        f"{spaces[table['name']]}.{column['name']}": column["type"]
        for table in schema["tables"]
        for column in table["columns"]
    }
    keys = {
        f"{spaces[key['table']]}.{key['column']}": f"{spaces[key['references']]}.{key['key']}"
        for key in schema["foreign_keys"]
    }
    return columns, keys


def listed_values() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """(of the migrations, of the parser): the values of each column that has a closed list of them."""
    checked: dict[str, set[str]] = {}
    for schema, table, elements in migrated():
        for column in elements:
            for constraint in getattr(column, "constraints", None) or ():
                check = constraint.raw_expr
                if not isinstance(check, sql.A_Expr):
                    continue
                assert check.name
                if check.name[0].sval == "=" and isinstance(check.rexpr, tuple):
                    place = f"{schema}.{table}.{column.colname}"
                    checked[place] = {one.val.sval for one in check.rexpr}
    tables = yaml.safe_load((ROOT / PARSER).read_text(encoding="utf-8"))["tables"]
    told = {
        f"{table['namespace']}.{table['name']}.{column['name']}": set(column["values"])
        for table in tables
        for column in table["columns"]
        if "values" in column
    }
    return checked, told


def left_out(name: str) -> bool:
    """Whether the column, or its table, is one that the parser leaves out."""
    return name in UNASKED or name.rpartition(".")[0] in UNASKED


def compare(migrations: dict[str, Any], parser: dict[str, Any]) -> None:
    """Fail with every difference, and what each end says."""
    differences = [
        f"{name}: the migrations say {migrations.get(name)}, {PARSER} says {parser.get(name)}"
        for name in sorted(migrations.keys() | parser.keys())
        if migrations.get(name) != parser.get(name)
    ]
    assert not differences, "\n".join(differences)


def test_columns() -> None:
    """Tables, columns and types are those of the migrations, but for what is left out for a reason."""
    columns, _ = made()
    parser, _ = known()
    compare({name: kind for name, kind in columns.items() if not left_out(name)}, parser)


def test_foreign_keys() -> None:
    """So are the keys; those between two services are the parser's own."""
    columns, keys = made()
    _, parser = known()
    wanted = {name: end for name, end in keys.items() if not left_out(name)} | ACROSS
    compare(wanted, parser)
    assert set(ACROSS) | set(ACROSS.values()) <= set(columns)


def test_values() -> None:
    """So are the values that a column may hold."""
    migrations, parser = listed_values()
    compare({name: values for name, values in migrations.items() if not left_out(name)}, parser)


def test_nothing_is_left_out_in_vain() -> None:
    """Each exception is a table or a column that the migrations make, and jsonb is the type of what is left out so."""
    columns, _ = made()
    tables = {name.rpartition(".")[0] for name in columns}
    assert [name for name in UNASKED if name not in {*columns, *tables}] == []
    assert [name for name, reason in UNASKED.items() if reason == "jsonb" and columns.get(name) != "jsonb"] == []
