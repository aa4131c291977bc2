"""What traits need to know of an environment besides its name."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectStore:
    """An S3 store that others run: pods of a namespace with these labels, CIDR blocks, or whatever its host is.

    `buckets` are pairs of a bucket's name in the catalogue and its name there.
    """

    endpoint: str
    host: str
    port: int
    buckets: tuple[tuple[str, str], ...] = ()
    namespace: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Backups:
    """Where PostgreSQL is backed up, when (six fields, the first of which is the second), and how long that is kept."""

    bucket: str
    schedule: str
    retention: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What an environment says about its traits besides their names."""

    object_store: ObjectStore | None = None
    backups: Backups | None = None
