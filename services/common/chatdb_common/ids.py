"""Identifiers that sort by the time they were made."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A UUIDv7."""
    return UUID(int=uuid_utils.compat.uuid7().int)
