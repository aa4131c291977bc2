"""Nodes as a catalogue describes them: what each has, and what its own software takes of that."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """What one part of the cluster's own software requests: millicores, and bytes of memory."""

    name: str
    cpu: int
    memory: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Overhead:
    """What a node has no room for: what its own software requests, and what has to stay free.

    `disk_used` are bytes of images and of the node's own files; `reserve` is the part (0 to 1) that has to stay free.
    """

    disk_used: int = 0
    system: tuple[Share, ...] = ()
    reserve: float = 0.1

    @property
    def cpu_used(self) -> int:
        """Millicores of the cluster's own software."""
        return sum(share.cpu for share in self.system)

    @property
    def memory_used(self) -> int:
        """Bytes of the cluster's own software."""
        return sum(share.memory for share in self.system)


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine(Overhead):
    """A node: millicores, bytes of memory and of disk."""

    cpu: int
    memory: int
    disk: int


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of a cluster that run pods of the platform: so many equal ones."""

    count: int
    machine: Machine
