"""Ways from a table to others along foreign keys."""

from collections import deque

from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import ForeignKey, Schema

__all__ = ["ForeignKey", "is_parent", "to_parent"]


def to_parent(schema: Schema, table: str, target: str) -> tuple[ForeignKey, ...]:
    """The one shortest way, each row having one partner at most; NotUnderstood unless there is exactly one."""
    found = _shortest(schema, table, target)
    if not found:
        raise NotUnderstood(f"{table} have no {target} that belong to them")
    if len(found) > 1:
        raise NotUnderstood(f"{table} and {target} are connected in more than one way")
    return found[0]


def is_parent(schema: Schema, table: str, target: str) -> bool:
    """Whether each row of the table belongs to rows of the target."""
    return table != target and bool(_shortest(schema, table, target))


def _shortest(schema: Schema, table: str, target: str) -> list[tuple[ForeignKey, ...]]:
    waiting: deque[tuple[ForeignKey, ...]] = deque([()])
    found: list[tuple[ForeignKey, ...]] = []
    while waiting:
        path = waiting.popleft()
        if found and len(path) >= len(found[0]):
            break
        for key in schema.parents(path[-1].references if path else table):
            if key.references == target:
                found.append((*path, key))
            elif key.references not in {table, *(step.references for step in path)}:
                waiting.append((*path, key))
    return found
