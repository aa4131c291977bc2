"""A status for programs, as docs/schemas/status.v1.json describes it."""

from dataclasses import asdict
from typing import Any

from chatdb.status.model import Status


def values(status: Status) -> dict[str, Any]:
    """All of it, as plain data."""
    return {**asdict(status), "ok": status.ok}
