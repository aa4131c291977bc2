"""What many entries of a catalogue have in common: ports of services, and probes."""

from collections.abc import Mapping
from types import MappingProxyType

from constructs_lib.model import Port
from constructs_lib.probe import Probe, Probes

DRAIN_SECONDS = 5
"""How long a stopping service still serves: endpoints and ingress controllers learn of its end with a delay."""


def env(**variables: str) -> Mapping[str, str]:
    """A frozen map of environment variables."""
    return MappingProxyType(variables)


def http(name: str, number: int) -> Port:
    """The HTTP port of a service; consumers find it under <NAME>_URL."""
    return Port(
        name="http", number=number, env=env(**{f"{name.upper().replace('-', '_')}_URL": "http://{host}:{port}"})
    )


def service_probes(
    *, liveness: str = "/health", live: tuple[int, int] = (30, 10), ready: tuple[int, int] = (10, 5)
) -> Probes:
    """Probes of a service; `live` and `ready` are (initial delay, period) in seconds, as in the specification."""
    return Probes(
        liveness=Probe(path=liveness, initial_delay=live[0], period=live[1]),
        readiness=Probe(path="/ready", initial_delay=ready[0], period=ready[1]),
        startup=Probe(path=liveness, period=5, failures=30),
    )


def tool_probes(
    port: str, *, live: str | None = None, ready: str | None = None, ready_port: str | None = None
) -> Probes:
    """Probes of a third party's server: HTTP where it has such paths, a TCP connection where it has not.

    `ready` is what its users ask for, so that a server that is up but of no use gets no traffic, and no restart.
    """
    return Probes(
        liveness=Probe(port=port, path=live, period=15),
        readiness=Probe(port=ready_port or port, path=ready or live, period=5),
        startup=Probe(port=port, path=live, period=5, failures=30),
    )
