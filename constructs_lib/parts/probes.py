"""Probes of containers."""

from collections.abc import Iterable
from typing import Any

from cdk8s_plus_32 import k8s

from constructs_lib.parts.values import number
from constructs_lib.probe import Probe
from constructs_lib.resolved import ResolvedPort


def probe(ports: Iterable[ResolvedPort], spec: Probe) -> k8s.Probe:
    """HTTP where there is a path, a command where there is one, else a TCP connection; ports by number."""
    common: dict[str, Any] = {
        "initial_delay_seconds": spec.initial_delay or None,
        "period_seconds": spec.period,
        "timeout_seconds": spec.timeout,
        "failure_threshold": spec.failures,
    }
    if spec.command:
        return k8s.Probe(exec=k8s.ExecAction(command=list(spec.command)), **common)
    port = number(next(port.number for port in ports if port.name == spec.port))
    if spec.path:
        return k8s.Probe(http_get=k8s.HttpGetAction(path=spec.path, port=port), **common)
    return k8s.Probe(tcp_socket=k8s.TcpSocketAction(port=port), **common)
