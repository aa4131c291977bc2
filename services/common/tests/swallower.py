"""A service for the tests that takes things and files, and says where it listens."""

import sys
from typing import Any, ClassVar

from fastapi import Request
from serving import serving

from chatdb_common.service import Service
from chatdb_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing but the port."""

    service: ClassVar[str] = "swallower"
    port: int = 0


app = Service(settings=Settings(), body_limit=1024 * 1024).app()


@app.post("/things")
def make(thing: dict[str, Any]) -> int:
    """Whatever it is."""
    return len(thing)


@app.put("/raw")
async def take(request: Request) -> int:
    """Read it all."""
    return len(await request.body())


with serving(app) as url:
    print(url, flush=True)
    # Ends when whoever started it closes the pipe, also by dying.
    sys.stdin.read()
