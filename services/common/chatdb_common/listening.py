"""The socket that a service listens on where no address is chosen."""

import errno
import socket

NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
"""What a kernel answers that has no IPv6, or none of its addresses."""


def every_address(port: int) -> socket.socket:
    """Bound to the port of all addresses: of IPv6 and IPv4, or of IPv4 alone where the kernel has no IPv6.

    OSError where the port is taken.
    """
    try:
        return _bound(socket.AF_INET6, port)
    except OSError as error:
        if error.errno not in NO_IPV6:
            raise
        return _bound(socket.AF_INET, port)


def _bound(family: socket.AddressFamily, port: int) -> socket.socket:
    """Not listening yet: until the service is started, a connection is refused, and does not wait."""
    made = socket.socket(family)
    try:
        # A restarted service need not wait for connections of the one before.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            # A system may have another default.
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind(("", port))
    except OSError:
        made.close()
        raise
    return made
