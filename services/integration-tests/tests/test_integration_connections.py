"""Connections as they end on loopback, and what they say of policies."""

import socket
from collections.abc import Iterator

import pytest

from integration_tests import connections
from integration_tests.connections import How, Policies, Survey, attempt, survey
from integration_tests.matrix import Target

EDGES = {"broker": How.OPEN, "service": How.REFUSED}


@pytest.fixture
def listening() -> Iterator[str]:
    """An address where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def test_open_and_refused(listening: str, nobody: str) -> None:
    """The two that loopback knows."""
    assert (attempt(listening), attempt(nobody)) == (How.OPEN, How.REFUSED)


@pytest.mark.parametrize(
    ("error", "how"),
    [
        (socket.gaierror(-2, "Name or service not known"), How.UNKNOWN),
        (TimeoutError("timed out"), How.SILENT),
        (OSError(113, "No route to host"), How.UNREACHABLE),
        (PermissionError(1, "Operation not permitted"), How.UNREACHABLE),
    ],
)
def test_other_ends(monkeypatch: pytest.MonkeyPatch, error: OSError, how: How) -> None:
    """A name that DNS does not know, packets that are dropped, and those that somebody rejects are told apart."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", fail)
    assert attempt("there:1") is how


def test_policies_may_come_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that is open at first, and closed within the patience, is closed; without patience it is not."""
    outcomes = iter([How.OPEN, How.OPEN, How.SILENT])
    monkeypatch.setattr(connections, "attempt", lambda _address: next(outcomes))
    late = Target(name="late", address="there:1", witnesses={})
    assert survey([], [late], 0).denied == {"late": How.OPEN}
    assert survey([], [late], 60).denied == {"late": How.SILENT}


def test_edges_may_come_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of what has to open."""
    outcomes = iter([How.SILENT, How.REFUSED, How.OPEN])
    monkeypatch.setattr(connections, "attempt", lambda _address: next(outcomes))
    late = Target(name="late", address="there:1", witnesses={})
    assert survey([late], [], 0).edges == {"late": How.SILENT}
    assert survey([late], [], 60).edges == {"late": How.OPEN}


@pytest.mark.parametrize(
    ("denied", "reached", "edges", "expected"),
    [
        ({"db": How.SILENT}, {"db"}, EDGES, Policies.ENFORCED),
        ({"db": How.REFUSED}, {"db"}, EDGES, Policies.ENFORCED),
        ({"db": How.SILENT, "store": How.OPEN}, {"db"}, EDGES, Policies.ENFORCED),
        ({"db": How.OPEN}, {"db"}, EDGES, Policies.NOT_ENFORCED),
        ({"db": How.SILENT, "store": How.OPEN}, set(), EDGES, Policies.NOT_ENFORCED),
        ({"db": How.SILENT}, set(), EDGES, Policies.UNKNOWN),
        ({"db": How.SILENT}, {"db"}, {"broker": How.SILENT}, Policies.UNKNOWN),
        ({}, set(), EDGES, Policies.UNKNOWN),
    ],
    ids=[
        "dropped",
        "rejected",
        "one hole",
        "open",
        "open beside what nobody reaches",
        "nobody reaches it",
        "no network",
        "nothing denied",
    ],
)
def test_verdict(denied: dict[str, How], reached: set[str], edges: dict[str, How], expected: Policies) -> None:
    """Enforced only if others reach what is closed to us, and we reach something."""
    assert Survey(edges=edges, denied=denied).policies(reached) is expected
