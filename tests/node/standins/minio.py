#!/usr/bin/python3
"""MinIO's command line and health paths, in front of Versity S3 Gateway, which keeps the objects.

Usage: minio server FOLDER --console-address :PORT
"""

import asyncio
import contextlib
import os
import signal
import sys
from typing import TypeAlias

GATEWAY = ("127.0.0.1", 9100)
PORT = 9000
BLOCK = 65536
TRIES = 200
HEALTH = (b"GET /minio/health/", b"HEAD /minio/health/")
UP = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


async def pump(source: Reader, target: Writer) -> None:
    """Pass on all that comes."""
    with contextlib.suppress(OSError):
        while block := await source.read(BLOCK):
            target.write(block)
            await target.drain()
    target.close()


async def serve(reader: Reader, writer: Writer) -> None:
    """One connection: health is answered here, which needs the gateway to listen, and all else by the gateway."""
    with contextlib.suppress(OSError), contextlib.closing(writer):
        first = await reader.read(BLOCK)
        inner_reader, inner = await asyncio.open_connection(*GATEWAY)
        if first.startswith(HEALTH):
            inner.close()
            writer.write(UP)
            await writer.drain()
            return
        inner.write(first)
        await asyncio.gather(pump(reader, inner), pump(inner_reader, writer))


async def listening() -> None:
    """Wait until the gateway does."""
    for _ in range(TRIES):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(*GATEWAY)
            writer.close()
            return
        await asyncio.sleep(0.1)
    sys.exit("the gateway does not listen")


async def main(command: str, folder: str, option: str, console: str) -> int:
    """The exit code of the gateway."""
    if (command, option) != ("server", "--console-address"):
        sys.exit(__doc__)
    keys = {"ROOT_ACCESS_KEY": os.environ["MINIO_ROOT_USER"], "ROOT_SECRET_KEY": os.environ["MINIO_ROOT_PASSWORD"]}
    line = ["versitygw", "--port", ":".join(map(str, GATEWAY)), "posix", folder]
    gateway = await asyncio.create_subprocess_exec(*line, env=os.environ | keys)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, gateway.terminate)
    await listening()
    for port in (PORT, int(console.removeprefix(":"))):
        await asyncio.start_server(serve, "0.0.0.0", port)
    return await gateway.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
