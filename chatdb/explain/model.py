"""What an explanation consists of; all of it is plain data, which becomes JSON as it is."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """A line (from 1) of a file of the repository."""

    file: str
    line: int

    def __str__(self) -> str:
        """As compilers write it, and editors follow it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """One link, seen from the component: `other` calls it, or is called by it, at that port of the called one."""

    other: str
    port: str
    number: int
    relation: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """An environment variable, and what of the catalogue it comes from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A bucket whose objects the component reads; where it may `write`, it puts and deletes them, too."""

    name: str
    write: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """A Secret that the component reads: names only."""

    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """A rendered object; `owner` is the component whose chart has it (empty: none)."""

    place: Place
    kind: str
    namespace: str
    name: str
    owner: str

    def __str__(self) -> str:
        """Where, and what."""
        return f"{self.place} {self.kind} " + (f"{self.namespace}/{self.name}" if self.namespace else self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Everything that follows from one entry.

    `construct` is None where nothing is built of its type. `source` is the folder that the image is built from,
    `objects` are the component's own and those of others that are there because of it or name it, `overlays` the
    patches that change its objects, and what else an overlay gives it.
    """

    name: str
    type: str
    tier: str
    wave: int
    namespace: str
    entry: Place
    construct: Place | None
    image: str | None
    source: str | None
    after: tuple[str, ...]
    dependents: tuple[str, ...]
    calls: tuple[Traffic, ...]
    called_by: tuple[Traffic, ...]
    variables: tuple[Variable, ...]
    buckets: tuple[Bucket, ...]
    secrets: tuple[Secret, ...]
    objects: tuple[Object, ...]
    overlays: tuple[Place, ...]
    applications: tuple[Place, ...]
    files: tuple[str, ...]
    docs: tuple[Place, ...]
