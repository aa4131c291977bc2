"""The schemas of what commands print for programs and `chatdb report` puts together; they are in docs/schemas."""

from typing import Any

CAPACITY = "capacity/v2"
CHECK = "check/v2"
EXPLAIN = "explain/v4"
GRAPH = "graph/v3"
IMAGES = "images/v2"
PLAN = "plan/v1"


def document(schema: str, **values: Any) -> dict[str, Any]:
    """Values with the name of the schema that they keep to."""
    return {"schema": f"chatdb/{schema}", **values}
