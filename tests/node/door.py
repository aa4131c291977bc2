"""A way in: a process inside of a network namespace that takes connections of a socket from outside.

Usage: door.py DESCRIPTOR ADDRESS PORT        (of the socket that listens; where its connections lead)
"""

import asyncio
import contextlib
import socket
import sys
from functools import partial

BLOCK = 65536


async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Pass on all that comes, and its end."""
    with contextlib.suppress(OSError):
        while block := await source.read(BLOCK):
            target.write(block)
            await target.drain()
        target.write_eof()


async def serve(address: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection; it is closed where nobody listens inside."""
    with contextlib.suppress(OSError), contextlib.closing(writer):
        inner_reader, inner_writer = await asyncio.open_connection(address, port)
        with contextlib.closing(inner_writer):
            await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))


async def main(descriptor: str, address: str, port: str) -> None:
    """Never ends by itself."""
    listener = socket.socket(fileno=int(descriptor))
    server = await asyncio.start_server(partial(serve, address, int(port)), sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
