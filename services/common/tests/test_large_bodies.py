"""A body of 100 MB over a real connection: refused before it is there, in bounded memory."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from memory import peak

SIZE = 100_000_000
CHUNK = bytes(100_000)
MOST_BYTES = 20 * 1024 * 1024


@dataclass
class Swallower:
    """The process, and its address."""

    process: subprocess.Popen[str]
    port: int

    def connect(self, path: str, header: str) -> socket.socket:
        """A connection over which the head of a request went."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        method = "POST" if path == "/things" else "PUT"
        kind = "Content-Type: application/json"
        made.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{kind}\r\n{header}\r\n\r\n".encode())
        return made


@pytest.fixture
def swallower() -> Iterator[Swallower]:
    """A service as a process of its own, whose memory can be told from this one's."""
    program = [sys.executable, str(Path(__file__).with_name("swallower.py"))]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        program, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith("http://"))
        yield Swallower(process, urlsplit(line.strip()).port or 0)
        process.kill()


@pytest.mark.parametrize("path", ["/things", "/raw"])
def test_declared_length_is_refused_before_a_byte_is_sent(swallower: Swallower, path: str) -> None:
    """The head is enough."""
    with swallower.connect(path, f"Content-Length: {SIZE}") as connection:
        assert b" 413 " in connection.recv(1000)


@pytest.mark.parametrize("path", ["/things", "/raw"])
def test_undeclared_length_takes_little_memory(swallower: Swallower, path: str) -> None:
    """However much is sent, no more than the limit is kept."""
    before = peak(swallower.process.pid)
    with swallower.connect(path, "Transfer-Encoding: chunked") as connection:
        try:
            for _ in range(SIZE // len(CHUNK)):
                connection.sendall(b"%x\r\n%b\r\n" % (len(CHUNK), CHUNK))
            connection.sendall(b"0\r\n\r\n")
        except OSError:
            pass  # It hung up, which is its right.
        else:
            assert b" 413 " in connection.recv(1000)
    assert peak(swallower.process.pid) - before < MOST_BYTES
