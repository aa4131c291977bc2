"""A way to a server that stops answering: connections lose their packets, or are taken and never answered."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chatdb.local.fault_proxy import Fault, Proxies
from chatdb.local.processes import free_ports
from chatdb.local.site import Detour
from chatdb_common.timeouts import ANSWER_SECONDS
from chatdb_common.workers import background

FAULTS = (Fault.DROP, Fault.SILENCE)
NEVER_SECONDS = 3 * ANSWER_SECONDS
"""What takes longer on a machine that has much else to do is not bounded at all."""


class Way:
    """From a port of loopback to another one."""

    def __init__(self, proxies: Proxies, port: int) -> None:
        """All passes."""
        self.port = port
        self._proxies = proxies

    def set(self, fault: Fault | None) -> None:
        """From now on."""
        self._proxies.set(fault, self._proxies.ways)


@contextmanager
def way_to(target: int) -> Iterator[Way]:
    """Until the end of the body."""
    (listen,) = free_ports(1)
    detours = {("service", "dependency", "port"): Detour(listen=listen, target=target)}
    with Proxies(detours).listening() as proxies:
        yield Way(proxies, listen)


def error_in_time(act: Callable[[], object]) -> BaseException | None:
    """What it raises; TimeoutError where it does not end in time."""
    try:
        return background(act, "act").exception(NEVER_SECONDS)
    except TimeoutError as late:
        return late
