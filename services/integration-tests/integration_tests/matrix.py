"""What there is to test, as the catalogue says it in the mounted file: no name of a component is written down here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


class MatrixError(Exception):
    """The file is not what the manifests promise; the message says how."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A port: `name` is component:port, `address` host:port.

    `witnesses` are services that need it -> how their readiness calls it: if one of them reaches it, it is up.
    """

    name: str
    address: str
    witnesses: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Service:
    """One of ChatDB's own: paths are None where it has none; `api` is the first part of the paths that users call.

    `needs` are the components that it can't work without -> how its readiness calls them.
    """

    name: str
    url: str
    edge: str
    liveness: str | None
    readiness: str | None
    metrics: str | None
    api: str | None
    needs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A Kafka topic as declared, or as found; retention in milliseconds."""

    name: str
    partitions: int
    replication: int
    retention_ms: int


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """All of it: ports that this pod may reach, those that it may not, services and topics."""

    edges: tuple[Target, ...]
    denied: tuple[Target, ...]
    services: tuple[Service, ...]
    topics: tuple[Topic, ...]

    def offering(self, api: str) -> Service | None:
        """The service that answers users there."""
        return next((service for service in self.services if service.api == api), None)


@cache
def read(path: Path) -> Matrix:
    """The mounted file; MatrixError where it cannot be read as one."""
    try:
        return _matrix(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise MatrixError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MatrixError(f"{path} is not as this image reads it ({error!r}): build and deploy both anew") from None


def _matrix(document: Mapping[str, Any]) -> Matrix:
    return Matrix(
        edges=tuple(Target(**one, witnesses={}) for one in document["edges"]),
        denied=tuple(Target(**one) for one in document["denied"]),
        services=tuple(Service(name=name, **one) for name, one in sorted(document["services"].items())),
        topics=tuple(Topic(**one) for one in document["topics"]),
    )
