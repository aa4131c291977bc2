"""A service answers at every address of its pod, of whichever family."""

import errno
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdb_common.listening import every_address

MEMBER = Path(__file__).with_name("member.py")
SECONDS = 60


def has_ipv6() -> bool:
    """Whether this machine has IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as made:
            made.bind(("::1", 0))
    except OSError:
        return False
    return True


FAMILIES = [
    "127.0.0.1",
    pytest.param("::1", marks=pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")),
]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a service listens that is told no address."""
    with every_address(0) as free:
        number = free.getsockname()[1]
    env = {"PATH": os.environ["PATH"], "PORT": str(number), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, MEMBER], env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield number
        process.kill()


@pytest.mark.parametrize("address", FAMILIES)
def test_service_answers_by_both_families(port: int, address: str) -> None:
    """Its health, as the kubelet and Prometheus ask for it."""
    host = f"[{address}]" if ":" in address else address
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://{host}:{port}/health", timeout=SECONDS) as answer:
                assert answer.status == 200
                return
        except urllib.error.URLError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


class Kernel(socket.socket):
    """One without IPv6: sockets cannot be made, or have no address, as `refuses` says."""

    refuses = ""

    def __init__(self, family: int = socket.AF_INET, *arguments: int) -> None:
        """As the system does."""
        if family == socket.AF_INET6 and self.refuses == "socket":
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        super().__init__(family, *arguments)

    def bind(self, address: object) -> None:
        """As the system does."""
        if self.family == socket.AF_INET6 and self.refuses == "bind":
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        super().bind(address)  # type: ignore[arg-type]


@pytest.mark.parametrize("refuses", ["socket", "bind"])
def test_ipv4_alone_where_there_is_no_other(monkeypatch: pytest.MonkeyPatch, refuses: str) -> None:
    """A kernel without IPv6 is no reason not to start."""
    monkeypatch.setattr(Kernel, "refuses", refuses)
    monkeypatch.setattr(socket, "socket", Kernel)
    with every_address(0) as made:
        assert made.family == socket.AF_INET


def test_a_system_may_have_another_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """One socket takes both families, whatever net.ipv6.bindv6only says."""
    if not has_ipv6():
        pytest.skip("this machine has no IPv6")

    class Separate(socket.socket):
        """As where the sysctl is 1."""

        def __init__(self, family: int = socket.AF_INET, *arguments: int) -> None:
            super().__init__(family, *arguments)
            if family == socket.AF_INET6:
                super().setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)

    monkeypatch.setattr(socket, "socket", Separate)
    with every_address(0) as made:
        assert made.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 0


@pytest.mark.parametrize("address", FAMILIES)
def test_a_port_that_is_taken_is_an_error(address: str) -> None:
    """And no reason to listen on half of the addresses."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="Address already in use"):
            every_address(port)


def test_nobody_waits_for_a_service_that_is_not_started() -> None:
    """A connection is refused until it listens."""
    with every_address(0) as made, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", made.getsockname()[1]), 10)
