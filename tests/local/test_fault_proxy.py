"""The proxies do to connections what they say, and nothing else."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from chatdb.local.fault_proxy import LATE_SECONDS, Fault, Proxies
from chatdb.local.processes import free_ports
from chatdb.local.site import HOST, Detour

WAY = "one to another"
SECONDS = 10
LONG = 1.0
CUT = r"reset|[Bb]roken pipe"


@contextmanager
def echo(port: int) -> Iterator[None]:
    """A server that gives back what it is sent."""

    def serve(taken: socket.socket) -> None:
        with taken, suppress(OSError):
            while data := taken.recv(1024):
                taken.sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server((HOST, port)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def way() -> Iterator[tuple[Proxies, int]]:
    """A proxy before a server that echoes, and the port to connect to."""
    listen, target = free_ports(2)
    detours = {("one", "another", "echo"): Detour(listen=listen, target=target)}
    with echo(target), Proxies(detours).listening() as proxies:
        assert proxies.ways == [WAY]
        yield proxies, listen


def connect(port: int) -> socket.socket:
    """A client."""
    return socket.create_connection((HOST, port), SECONDS)


def answered(client: socket.socket) -> float:
    """Send a word, and get it back: after how many seconds."""
    begin = time.monotonic()
    client.sendall(b"word")
    assert client.recv(1024) == b"word"
    return time.monotonic() - begin


def meanwhile(proxies: Proxies, fault: Fault, body: Callable[[], object]) -> None:
    """Do something while the fault lasts."""
    over = threading.Thread(target=proxies.befall, args=(fault, [WAY], LONG))
    over.start()
    time.sleep(LONG / 5)
    body()
    over.join()


def test_all_passes(way: tuple[Proxies, int]) -> None:
    """Also more than fits into any buffer, and the end of a client that still waits for its answer."""
    sent = bytes(range(256)) * 40_000
    with connect(way[1]) as client:

        def send() -> None:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=send)
        thread.start()
        received = b"".join(iter(lambda: client.recv(65536), b""))
        thread.join()
    assert received == sent


def test_cut(way: tuple[Proxies, int]) -> None:
    """What is open is reset, what is new is refused; afterwards new ones work."""
    proxies, port = way
    with connect(port) as client:
        answered(client)

        def look() -> None:
            with pytest.raises(OSError, match=CUT):
                answered(client)
            # A new one may be reset before its client hears that it was open.
            with pytest.raises(OSError, match=CUT), connect(port) as new:
                answered(new)

        meanwhile(proxies, Fault.CUT, look)
    with connect(port) as client:
        answered(client)


def test_drop(way: tuple[Proxies, int]) -> None:
    """What is sent is not even acknowledged, and nobody can connect; afterwards what was sent arrives."""
    proxies, port = way
    with connect(port) as old:
        answered(old)
        with proxies.befallen(Fault.DROP, [WAY]):
            old.sendall(b"more")
            old.settimeout(LONG / 5)
            with pytest.raises(TimeoutError):
                old.recv(1024)
            assert unacknowledged(old) == 1
            with pytest.raises(TimeoutError):
                socket.create_connection((HOST, port), LONG / 5)
        old.settimeout(SECONDS)
        assert old.recv(1024) == b"more"
    with connect(port) as client:
        answered(client)


def unacknowledged(client: socket.socket) -> int:
    """Segments that were sent and not acknowledged, as the kernel counts them (tcp_info)."""
    return int(struct.unpack_from("=I", client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 24)[0])


def test_silence(way: tuple[Proxies, int]) -> None:
    """Nothing comes while it lasts, on old and on new connections; then all of it comes."""
    proxies, port = way
    with connect(port) as old:
        answered(old)
        seconds: list[float] = []

        def look() -> None:
            with connect(port) as new:
                old.sendall(b"more")
                old.settimeout(LONG / 5)
                with pytest.raises(TimeoutError):
                    old.recv(1024)
                assert unacknowledged(old) == 0
                seconds.append(answered(new))

        meanwhile(proxies, Fault.SILENCE, look)
        assert seconds[0] > LONG / 5
        old.settimeout(SECONDS)
        assert old.recv(1024) == b"more"


def test_delay(way: tuple[Proxies, int]) -> None:
    """Late on the way there, and late on the way back."""
    proxies, port = way
    with connect(port) as client:
        meanwhile(proxies, Fault.DELAY, lambda: answered(client) >= 2 * LATE_SECONDS or pytest.fail("not late"))
        answered(client)


def test_server_is_gone() -> None:
    """Who connects where no server is hears of it."""
    listen, target = free_ports(2)
    detours = {("one", "another", "echo"): Detour(listen=listen, target=target)}
    with Proxies(detours).listening(), pytest.raises(OSError, match=CUT), connect(listen) as client:
        client.recv(1)
