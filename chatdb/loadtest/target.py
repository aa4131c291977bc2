"""Whom the load is for: the platform on this machine, a minikube's ingress, and another only when it is said twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from chatdb.deploy import minikube
from chatdb.deploy.target import connect, loopback
from chatdb.loadtest.door import door, routes
from chatdb.local.addresses import read_exports
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import ResolvedPlatform


@contextmanager
def target(
    platform: ResolvedPlatform, env_file: Path, *, host: str | None, context: str | None, elsewhere: bool
) -> Iterator[str]:
    """The URL of a door through which the platform is reached, open until the end of the body."""
    if host:
        yield _allowed(host, elsewhere=elsewhere)
    elif context:
        address = minikube.address(str(connect(context).context))
        yield f"http://[{address}]" if ":" in address else f"http://{address}"
    else:
        with door(routes(platform, read_exports(env_file))) as url:
            yield url


def _allowed(host: str, *, elsewhere: bool) -> str:
    """The URL without a slash at its end; InvalidInput where it leads away from this machine, and nobody says so."""
    parts = urlsplit(host)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput([Problem("--host", f"{host!r} is no URL", "write it like http://127.0.0.1:8080")])
    if not elsewhere and not loopback(parts.hostname):
        message = f"{parts.hostname} is not this machine"
        raise InvalidInput([Problem("--host", message, "--elsewhere says that you mean it")])
    return host.rstrip("/")
