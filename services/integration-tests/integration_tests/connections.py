"""Connections that are tried, and what they say of the policies of the cluster."""

import socket
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from integration_tests.matrix import Target
from integration_tests.patience import settled

CONNECT_SECONDS = 3.0


class How(StrEnum):
    """What became of an attempt to connect."""

    OPEN = "open"
    REFUSED = "refused"
    """Answered with a reset: nobody listens there, or a policy rejects."""
    SILENT = "not answered"
    """What a policy that drops looks like, and what a node that is gone looks like."""
    UNREACHABLE = "unreachable"
    """Answered by somebody on the way."""
    UNKNOWN = "unknown by name"
    """DNS has no address: it is not deployed, or none of its pods is ready."""


class Policies(StrEnum):
    """What the attempts say of NetworkPolicies."""

    ENFORCED = "enforced"
    NOT_ENFORCED = "not enforced"
    UNKNOWN = "unknown"


def attempt(address: str, seconds: float = CONNECT_SECONDS) -> How:
    """Connect once to host:port, and let go."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), seconds).close()
    except socket.gaierror:
        return How.UNKNOWN
    except TimeoutError:
        return How.SILENT
    except ConnectionRefusedError:
        return How.REFUSED
    except OSError:
        return How.UNREACHABLE
    return How.OPEN


@dataclass(frozen=True, kw_only=True)
class Survey:
    """How it went with each target, by its name."""

    edges: Mapping[str, How]
    denied: Mapping[str, How]

    def policies(self, reached: Collection[str]) -> Policies:
        """Enforced if something is closed to us alone; `reached` are the denied targets that others reach.

        A failure alone proves nothing: the target may be down, or our network. So somebody else has to reach it,
        and we something else.
        """
        closed = any(how is not How.OPEN and name in reached for name, how in self.denied.items())
        if closed and How.OPEN in self.edges.values():
            return Policies.ENFORCED
        return Policies.NOT_ENFORCED if How.OPEN in self.denied.values() else Policies.UNKNOWN


def survey(edges: Iterable[Target], denied: Iterable[Target], patience: float) -> Survey:
    """Try all of them at once, each until it goes as it should or patience (seconds) is over.

    The policies of a new pod come a moment after it.
    """
    with ThreadPoolExecutor(max_workers=64) as pool:

        def settle(target: Target, good: Callable[[How], bool]) -> Future[How]:
            return pool.submit(settled, lambda: attempt(target.address), good, patience)

        shut = {target.name: settle(target, lambda how: how is not How.OPEN) for target in denied}
        allowed = {target.name: settle(target, lambda how: how is How.OPEN) for target in edges}
        return Survey(
            edges={name: future.result() for name, future in allowed.items()},
            denied={name: future.result() for name, future in shut.items()},
        )
