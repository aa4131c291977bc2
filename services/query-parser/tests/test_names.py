"""Names of a caller's schema are read by PostgreSQL as they are written, whatever else they mean to it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import samples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import sql

from chatdb.local.postgres import PostgresServer
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import Schema
from query_parser.domain.sql import assert_safe, render
from query_parser.domain.tree import Aggregate, ColumnRef, Function, Order, Query, Related

RESERVED = ["user", "order", "select", "table", "current_user", "all", "limit", "Orders", "Total", "USER"]
NAMES = st.one_of(st.sampled_from(RESERVED), st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True))
FEW = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def connection(postgres_server: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    """To a sample database."""
    samples.create(postgres_server)
    with samples.connect(postgres_server, "shop") as opened:
        yield opened


def schema_of(space: str | None, names: list[str], columns: list[str]) -> Schema:
    """Two tables, one of which belongs to the other."""
    parent, child = names
    first, second = columns
    described = [{"name": first, "type": "integer"}, {"name": second, "type": "integer"}]
    tables = [{"name": name, "namespace": space, "columns": described} for name in names]
    key = {"table": child, "column": second, "references": parent, "key": first}
    return Schema.model_validate({"tables": tables, "foreign_keys": [key]})


def create(connection: psycopg.Connection[Any], schema: Schema) -> None:
    """The tables, with names in quotes and away from those of the sample; one row of the parent has a child."""
    connection.execute("CREATE SCHEMA here; SET LOCAL search_path TO here")
    for table in schema.tables:
        place = [part for part in (table.namespace, table.name) if part]
        first, second = (sql.Identifier(column.name) for column in table.columns)
        if table.namespace:
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(table.namespace)))
        made = sql.SQL("CREATE TABLE {} ({} integer, {} integer)").format(sql.Identifier(*place), first, second)
        connection.execute(made)
        connection.execute(sql.SQL("INSERT INTO {} VALUES (7, 7), (8, 7)").format(sql.Identifier(*place)))


@FEW
@example(space=None, names=["user", "order"], columns=["id", "Total"])
@example(space=None, names=["Orders", "orders"], columns=["Total", "total"])
@given(
    space=st.one_of(st.none(), st.sampled_from(["order", "Spaces", "grant"])),
    names=st.lists(NAMES, min_size=2, max_size=2, unique=True),
    columns=st.lists(NAMES, min_size=2, max_size=2, unique=True),
)
def test_any_name_is_read_as_itself(
    connection: psycopg.Connection[Any], space: str | None, names: list[str], columns: list[str]
) -> None:
    """The rows that were put into the table of that name come back, with and without a join."""
    schema = schema_of(space, names, columns)
    (parent, child), first = names, columns[0]
    with connection.transaction(force_rollback=True):
        create(connection, schema)
        asked = {
            Query(parent, order=(Order(ColumnRef(parent, first)),)): [(7, 7), (8, 7)],
            Query(parent, (ColumnRef(parent, first),), where=Related(child)): [(7,)],
            Query(child, (ColumnRef(parent, first), Aggregate(Function.COUNT)), group_by=(ColumnRef(parent, first),)): [
                (7, 2)
            ],
        }
        for query, rows in asked.items():
            statement = render(query, schema)
            assert connection.execute(statement.text, statement.parameters).fetchall() == rows


@pytest.mark.parametrize("text", ["SELECT user.id FROM user", 'SELECT "Total" FROM Orders'])
def test_name_without_quotes_is_not_safe(text: str) -> None:
    """What PostgreSQL would read as something else is never handed out."""
    schema = schema_of(None, ["user", "Orders"], ["id", "Total"])
    with pytest.raises(NotUnderstood, match="without quotes"):
        assert_safe(text, schema)
