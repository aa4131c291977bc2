"""TCP proxies at the detours of a platform: connections can be cut, lose their packets, go silent, or become slow."""

import asyncio
import ctypes
import socket
import struct
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from chatdb.local.platform import Platform, platform
from chatdb.local.site import HOST, Detour, Way
from constructs_lib.resolved import ResolvedPlatform

PIECE = 65536
LATE_SECONDS = 0.2
ANSWER_SECONDS = 10
AT_ONCE = struct.pack("ii", 1, 0)
"""The value of SO_LINGER with which a closed connection is reset."""
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
ACCEPT_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)
"""A program of classic BPF: return 0, so the kernel drops the packet before TCP sees it."""


class Fault(StrEnum):
    """What befalls all connections of a way."""

    CUT = "cut"
    """Those that are open are reset, and new ones are refused."""
    DROP = "drop"
    """The kernel drops each packet that comes: nothing is acknowledged, and new connections are not answered."""
    SILENCE = "silence"
    """Nothing passes; what was sent meanwhile arrives when it is over, as TCP has it."""
    DELAY = "delay"
    """Each piece is late."""


class Filterable(Protocol):
    """A socket, also where asyncio has it."""

    def setsockopt(self, level: int, option: int, value: int | bytes, /) -> None:
        """As of a socket."""


def drop_packets(one: Filterable) -> None:
    """Let the kernel drop all that comes to this socket; of one that listens also what asks for a connection."""
    program = ctypes.create_string_buffer(ACCEPT_NOTHING)
    one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(program)))


def take_packets(one: Filterable) -> None:
    """End that; nothing where it was not so."""
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


class Proxy:
    """One way to a server; everything here runs in the loop's thread."""

    def __init__(self, detour: Detour) -> None:
        """It does not listen yet."""
        self._detour = detour
        self._open: set[asyncio.StreamWriter] = set()
        self._listeners: Sequence[Filterable] = ()
        self._fault: Fault | None = None
        self._passable = asyncio.Event()
        self._passable.set()

    async def listen(self) -> asyncio.Server:
        """Whether or not there is a server to go on to."""
        server = await asyncio.start_server(self._serve, HOST, self._detour.listen)
        self._listeners = server.sockets
        return server

    def set(self, fault: Fault | None) -> None:
        """From now on; None heals it."""
        self._fault = fault
        for one in (*self._listeners, *(end.get_extra_info("socket") for end in self._open)):
            (drop_packets if fault is Fault.DROP else take_packets)(one)
        if fault in (Fault.SILENCE, Fault.DROP):
            self._passable.clear()
        else:
            self._passable.set()
        if fault is Fault.CUT:
            for end in tuple(self._open):
                _reset(end)

    async def _serve(self, source: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        await self._passable.wait()
        if self._fault is Fault.CUT:
            _reset(client)
            return
        try:
            answers, server = await asyncio.open_connection(HOST, self._detour.target)
        except OSError:
            _reset(client)
            return
        ends = {client, server}
        self._open |= ends
        try:
            await asyncio.gather(self._pump(source, server), self._pump(answers, client))
            end: Callable[[asyncio.StreamWriter], None] = asyncio.StreamWriter.close
        except OSError:
            # One side is gone; the other one has to hear of it.
            end = _reset
        self._open -= ends
        for one in ends:
            end(one)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(PIECE):
            await self._let_pass()
            sink.write(data)
            await sink.drain()
        await self._let_pass()
        sink.write_eof()

    async def _let_pass(self) -> None:
        await self._passable.wait()
        if self._fault is Fault.DELAY:
            await asyncio.sleep(LATE_SECONDS)


def way_name(consumer: str, provider: str) -> str:
    """What a way is called here."""
    return f"{consumer} to {provider}"


def _reset(end: asyncio.StreamWriter) -> None:
    """Close it at once, so that the other side sees an error; nothing where it is closed."""
    with suppress(OSError):
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    end.transport.abort()


class Proxies:
    """Those of all detours of a site, by the names of their ways, in a thread of their own."""

    def __init__(self, detours: Mapping[Way, Detour]) -> None:
        """None listens yet."""
        self._loop = asyncio.new_event_loop()
        self._proxies = {way_name(*way[:2]): Proxy(detour) for way, detour in detours.items()}

    @property
    def ways(self) -> list[str]:
        """All of them, sorted: `<consumer> to <provider>`."""
        return sorted(self._proxies)

    @contextmanager
    def listening(self) -> Iterator["Proxies"]:
        """Until the end of the body."""
        thread = threading.Thread(target=self._loop.run_forever, name="fault proxies", daemon=True)
        thread.start()
        try:
            for proxy in self._proxies.values():
                asyncio.run_coroutine_threadsafe(proxy.listen(), self._loop).result(ANSWER_SECONDS)
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    def befall(self, fault: Fault, ways: Collection[str], seconds: float) -> None:
        """Let the fault last for so long; afterwards the ways are whole again."""
        with self.befallen(fault, ways):
            time.sleep(seconds)

    @contextmanager
    def befallen(self, fault: Fault, ways: Collection[str]) -> Iterator[None]:
        """The same until the end of the body."""
        self.set(fault, ways)
        try:
            yield
        finally:
            self.set(None, ways)

    def set(self, fault: Fault | None, ways: Collection[str]) -> None:
        """From now on, until it is set again; None heals the ways."""

        async def change() -> None:
            for way in ways:
                self._proxies[way].set(fault)

        asyncio.run_coroutine_threadsafe(change(), self._loop).result(ANSWER_SECONDS)


@contextmanager
def with_proxies(resolved: ResolvedPlatform, root: Path) -> Iterator[tuple[Platform, Proxies]]:
    """A platform whose services reach others through proxies, which listen; nothing of it is started."""
    with (
        platform(resolved, root, detours=True) as local_platform,
        Proxies(local_platform.site.detours).listening() as proxies,
    ):
        yield local_platform, proxies
        # What services have to say at their end goes through the proxies, too.
        local_platform.stop()
