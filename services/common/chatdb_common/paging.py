"""Lists come in pages: a cursor says where the next one starts, and means nothing to the client."""

import base64
import binascii
import json

from chatdb_common.problems import ProblemDetails, unstorable

LIMIT = 50
MOST = 200


def encode_cursor(*position: str) -> str:
    """The position (the sort key of the last item) as text for a URL."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int = 1) -> tuple[str, ...]:
    """The position; ProblemDetails 422 where nobody was given this cursor."""
    try:
        position = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        position = None
    known = isinstance(position, list) and len(position) == parts and all(isinstance(part, str) for part in position)
    if not known or unstorable(position):
        raise ProblemDetails(
            422, "cursor: take it from the page before", errors=[{"field": "cursor", "message": "unknown"}]
        )
    return tuple(position)
