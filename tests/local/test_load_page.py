"""The page of Locust's master, started by the command of dist/: it answers by IPv6 and IPv4, or by what there is."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatdb.loadtest.locust import LOCUSTFILE, PROGRAM
from chatdb.local.processes import Server, free_ports, wait_for
from tests.local.clients import SECONDS
from tests.repository import NOT_RUN, ROOT, manifests

DEPLOYMENT = ("Deployment", "locust-master")
WITHOUT_IPV6 = """
import _socket

class Kernel(_socket.socket):
    __slots__ = ()

    def __init__(self, family=-1, *arguments, **options):
        if family == _socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        super().__init__(family, *arguments, **options)

_socket.socket = Kernel
"""
"""What Python reads at its start; the sockets of gevent and of the standard library are made from this class."""


@pytest.fixture(scope="module", autouse=True)
def locust_installed() -> None:
    """It comes with what the platform needs."""
    if not (ROOT / PROGRAM).exists():
        pytest.skip(f"{NOT_RUN}Locust is not here: make setup-load")


def connects(address: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection((address, port), SECONDS).close()
    except OSError:
        return False
    return True


@contextmanager
def master(folder: Path) -> Iterator[Callable[[str], bool]]:
    """Whether the page is reached at an address; the folder may have what Python reads at its start."""
    (deployment,) = [m for m in manifests(ROOT / "dist/testing") if (m["kind"], m["metadata"]["name"]) == DEPLOYMENT]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    page, workers = free_ports(2)
    arguments = [word.replace("$(INGRESS_URL)", "http://127.0.0.1:1") for word in container["command"][1:]]
    own = [f"--web-port={page}", f"--master-bind-port={workers}", f"--locustfile={ROOT / LOCUSTFILE}"]
    env_vars = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(folder)}
    server = Server("locust", [str(ROOT / PROGRAM), *arguments, *own], folder / "log", env_vars)
    server.start()
    try:
        wait_for("the page", SECONDS, lambda: server.status() is not None or connects("127.0.0.1", page))
        assert server.status() is None, server.last_lines(20)
        yield lambda address: connects(address, page)
    finally:
        server.stop()


def test_both_families(tmp_path: Path) -> None:
    """As the kubelet and a port-forward reach it."""
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with master(tmp_path) as reached:
        assert reached("127.0.0.1")
        assert reached("::1")


def test_ipv4_alone(tmp_path: Path) -> None:
    """Where the kernel has no IPv6, Locust would not start by itself."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_IPV6)
    with master(tmp_path) as reached:
        assert reached("127.0.0.1")
        assert not reached("::1")
