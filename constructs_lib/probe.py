"""Probes: when a container is restarted, and when it gets traffic."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """One probe: an HTTP path, a command, or (with neither) a TCP connection to `port`. Times in seconds."""

    port: str = "http"
    path: str | None = None
    command: tuple[str, ...] = ()
    initial_delay: int = 0
    period: int = 10
    timeout: int = 3
    failures: int = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Probes:
    """Liveness says "restart me", readiness "send me traffic", startup holds both back while the process starts."""

    liveness: Probe
    readiness: Probe
    startup: Probe
