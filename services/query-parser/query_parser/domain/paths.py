"""Ways from a table to others along foreign keys."""

from query_parser.domain.problems import NotUnderstood
from query_parser.domain.schema import ForeignKey, Schema

__all__ = ["ForeignKey", "is_parent", "to_parent"]


def to_parent(schema: Schema, table: str, target: str) -> tuple[ForeignKey, ...]:
    """The one shortest way, each row having one partner at most; NotUnderstood unless there is exactly one."""
    ways = _shortest(schema, table, target)
    if not ways:
        raise NotUnderstood(f"{table} have no {target} that belong to them")
    if len(ways) > 1:
        raise NotUnderstood(f"{table} and {target} are connected in more than one way")
    return ways[0]


def is_parent(schema: Schema, table: str, target: str) -> bool:
    """Whether each row of the table belongs to rows of the target."""
    return table != target and bool(_shortest(schema, table, target))


def _shortest(schema: Schema, table: str, target: str) -> list[tuple[ForeignKey, ...]]:
    """At most two of the shortest ways: a second one says that there are several."""
    seen = {table}
    level: dict[str, list[tuple[ForeignKey, ...]]] = {table: [()]}
    while level:
        following: dict[str, list[tuple[ForeignKey, ...]]] = {}
        for key in (key for here in level for key in schema.parents(here)):
            if key.references == target or key.references not in seen:
                ways = [*following.get(key.references, ()), *((*way, key) for way in level[key.table])]
                following[key.references] = ways[:2]
        if target in following:
            return following[target]
        seen |= following.keys()
        level = following
    return []
